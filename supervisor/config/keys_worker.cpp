// supervisor/config/keys_worker.cpp
//
// The keys of [worker.NAME], [pool.NAME] and [kind.NAME]: what is run, and how.
#include <sys/resource.h>

#include "supervisor/config/keys_shared.hpp"

namespace simplevisor::config {
namespace {

// Tables of a node merge with those of its kind.
void merge_environment(Draft& draft, Value&& value, Where) {
  auto& env = static_cast<NodeDraft&>(draft).env;
  for (auto& [name, text] : std::get<std::map<std::string, Text>>(value)) env[name] = std::move(text);
}

void merge_with(Draft& draft, Value&& value, Where where) {
  auto& with = static_cast<NodeDraft&>(draft).with;
  with.set = true;
  with.where = where;
  for (auto& [name, json] : std::get<std::map<std::string, std::string>>(value))
    with.value[name] = std::move(json);
}

template <int Resource>
void set_limit(Draft& draft, Value&& value, Where) {
  Limit limit = std::get<Limit>(value);
  limit.resource = Resource;
  static_cast<NodeDraft&>(draft).limits[Resource] = limit;
}

template <int Resource>
Key limit(std::string_view name, Form form, std::string_view meaning, std::string_view example) {
  return {.name = name, .form = form, .meaning = meaning, .example = example, .set = set_limit<Resource>};
}

const Section& limits_section() {
  static const Section section{
      .name = "limits",
      .heading = "limits = { ... }",
      .meaning = "Resource limits, see setrlimit(2). One value sets both limits, `{ soft = , hard = }` each.",
      .keys = {
          limit<RLIMIT_AS>("as", Form::limit_bytes, "address space", R"("2GiB")"),
          limit<RLIMIT_CORE>("core", Form::limit_bytes, "size of a core dump", "0"),
          limit<RLIMIT_CPU>("cpu", Form::limit_count, "processor time, in seconds", "3600"),
          limit<RLIMIT_DATA>("data", Form::limit_bytes, "data segment", R"("1GiB")"),
          limit<RLIMIT_FSIZE>("fsize", Form::limit_bytes, "size of a file it writes", R"("10GiB")"),
          limit<RLIMIT_LOCKS>("locks", Form::limit_count, "file locks", "100"),
          limit<RLIMIT_MEMLOCK>("memlock", Form::limit_bytes, "locked memory", R"("64KiB")"),
          limit<RLIMIT_MSGQUEUE>("msgqueue", Form::limit_bytes, "POSIX message queues", R"("800kB")"),
          limit<RLIMIT_NICE>("nice", Form::limit_count, "how far `nice` may go down: 20 minus this", "30"),
          limit<RLIMIT_NOFILE>("nofile", Form::limit_count, "open files", "{ soft = 1024, hard = 4096 }"),
          limit<RLIMIT_NPROC>("nproc", Form::limit_count, "processes of its user", "500"),
          limit<RLIMIT_RSS>("rss", Form::limit_bytes, "resident memory, without effect on Linux",
                            R"("1GiB")"),
          limit<RLIMIT_RTPRIO>("rtprio", Form::limit_count, "real-time priority", "10"),
          limit<RLIMIT_RTTIME>("rttime", Form::limit_count, "real-time processor time, in microseconds",
                               "200000"),
          limit<RLIMIT_SIGPENDING>("sigpending", Form::limit_count, "queued signals", "1000"),
          limit<RLIMIT_STACK>("stack", Form::limit_bytes, "stack", R"("unlimited")"),
      }};
  return section;
}

const Section& backoff_section() {
  static const Section section{
      .name = "backoff",
      .heading = "backoff = { ... }",
      .meaning = "The delay before the n-th restart in a row: initial * factor^(n-1), at most `max`.",
      .keys = {
          {.name = "initial",
           .form = Form::duration,
           .meaning = "before the first restart; 0: no delays at all",
           .fallback = "0",
           .example = R"("100ms")",
           .max = duration_max,
           .set = into<&NodeDraft::backoff_initial>},
          {.name = "factor",
           .form = Form::number,
           .meaning = "how fast delays grow",
           .fallback = "2.0",
           .example = "1.5",
           .min = 1,
           .max = 1000,
           .set = into<&NodeDraft::backoff_factor>},
          {.name = "max",
           .form = Form::duration,
           .meaning = "no delay is longer",
           .fallback = R"("30s")",
           .example = R"("5min")",
           .min = 1,
           .max = duration_max,
           .set = into<&NodeDraft::backoff_max>},
          {.name = "jitter",
           .form = Form::number,
           .meaning = "the part of a delay that chance may take off",
           .fallback = "0.0",
           .example = "0.2",
           .max = 1,
           .set = into<&NodeDraft::backoff_jitter>},
          {.name = "healthy_after",
           .form = Form::duration,
           .meaning = "having run that long, it starts again at `initial`",
           .fallback = R"("10s")",
           .example = R"("1min")",
           .max = duration_max,
           .set = into<&NodeDraft::backoff_healthy_after>},
      }};
  return section;
}

std::span<const Key> kind_keys() {
  static const std::array<Key, 1> keys{{
      {.name = "kind",
       .form = Form::node_name,
       .meaning = "the [kind.NAME] that says what is not said here",
       .example = R"("consumer")",
       .set = into<&NodeDraft::kind>},
  }};
  return keys;
}

std::span<const Key> command_keys() {
  static const std::array<Key, 7> keys{{
      {.name = "command",
       .form = Form::words,
       .meaning = "the program and its arguments, no shell; must stay in the foreground",
       .example = R"(["/opt/acme/sender", "--foreground"])",
       .set = into<&NodeDraft::command>},
      {.name = "with",
       .form = Form::anything,
       .meaning =
           "handed to the program as a private JSON file, `{with}` in the command; merges with the kind's",
       .example = R"({ queue = "/var/spool/jobs" })",
       .set = merge_with},
      {.name = "env",
       .form = Form::environment,
       .meaning = "environment variables; merge with the kind's and win over `env_file`",
       .example = R"({ LANG = "C.UTF-8" })",
       .set = merge_environment},
      {.name = "env_file",
       .form = Form::path,
       .meaning = "a file of NAME=VALUE lines, read at every start",
       .example = R"("sender.env")",
       .set = into<&NodeDraft::env_file>},
      {.name = "cwd",
       .form = Form::path,
       .meaning = "directory to start in; by default the supervisor's",
       .example = R"("/var/spool")",
       .set = into<&NodeDraft::cwd>},
      {.name = "user",
       .form = Form::text,
       .meaning = "user to run as, name or number; by default the supervisor's",
       .example = R"("nobody")",
       .set = into<&NodeDraft::user>},
      {.name = "group",
       .form = Form::text,
       .meaning = "group to run as, name or number; by default the user's primary group",
       .example = R"("nogroup")",
       .set = into<&NodeDraft::group>},
  }};
  return keys;
}

std::span<const Key> process_keys() {
  static constexpr std::array<Choice, 3> sessions{
      choice("auto", Session::automatic), choice("own", Session::own), choice("shared", Session::shared)};
  static const std::array<Key, 11> keys{{
      {.name = "umask",
       .form = Form::umask,
       .meaning = "file mode creation mask, in octal; by default the supervisor's",
       .example = R"("022")",
       .max = 0777,
       .set = into<&NodeDraft::umask>},
      {.name = "nice",
       .form = Form::integer,
       .meaning = "scheduling priority, 19 is the least; by default the supervisor's",
       .example = "5",
       .min = -20,
       .max = 19,
       .set = into<&NodeDraft::nice>},
      {.name = "limits",
       .form = Form::section,
       .meaning = "resource limits, see below; merge with the kind's",
       .section = &limits_section()},
      {.name = "stop_signal",
       .form = Form::signal,
       .meaning = "the signal that asks it to stop, name or number",
       .fallback = R"("SIGTERM")",
       .example = R"("SIGINT")",
       .min = 1,
       .max = 64,
       .set = into<&NodeDraft::stop_signal>},
      {.name = "session",
       .form = Form::choice,
       .meaning =
           "leads a session of its own, or only a process group in the supervisor's session; `auto`: its own "
           "where the supervisor has a controlling terminal",
       .fallback = R"("auto")",
       .example = R"("own")",
       .choices = sessions,
       .set = into<&NodeDraft::session>},
      {.name = "stdout",
       .form = Form::output,
       .meaning = "standard output: captured below `state_dir`, the supervisor's own, nowhere, or appended "
                  "to a file",
       .fallback = R"("capture")",
       .example = R"("null")",
       .choices = output_kinds(),
       .set = into<&NodeDraft::stdout_to>},
      {.name = "stderr",
       .form = Form::output,
       .meaning = "standard error: the same; captured into the same file",
       .fallback = R"("capture")",
       .example = R"({ file = "errors.log" })",
       .choices = output_kinds(),
       .set = into<&NodeDraft::stderr_to>},
      {.name = "log_format",
       .form = Form::choice,
       .meaning = "how captured lines stand in the log; by default as in `[simplevisor.capture]`",
       .example = R"("json")",
       .choices = log_formats(),
       .set = into<&NodeDraft::log_format>},
      {.name = "log_to",
       .form = Form::choice,
       .meaning = "where captured lines go; by default as in `[simplevisor.capture]`",
       .example = R"("journald")",
       .choices = log_targets(),
       .set = into<&NodeDraft::log_to>},
      {.name = "flood_lines",
       .form = Form::integer,
       .meaning =
           "captured lines a second; what comes on top is dropped and counted; 0: no limit; by default as in "
           "`[simplevisor.capture]`",
       .example = "1000",
       .min = 0,
       .max = 1'000'000'000,
       .set = into<&NodeDraft::flood_lines>},
      {.name = "flood_bytes",
       .form = Form::size,
       .meaning = "the same in bytes",
       .example = R"("1MiB")",
       .min = 0,
       .max = 1ll << 40,
       .set = into<&NodeDraft::flood_bytes>},
  }};
  return keys;
}

std::span<const Key> health_keys() {
  static constexpr std::array<Choice, 4> readiness{
      choice("exec", Readiness::Kind::exec), choice("notify", Readiness::Kind::notify),
      choice("fd", Readiness::Kind::fd), choice("after", Readiness::Kind::after)};
  static const std::array<Key, 5> keys{{
      {.name = "ready",
       .form = Form::choice,
       .meaning = "started when executed, at READY=1 (sd_notify), at a newline on `ready_fd`, or after "
                  "`ready_after`",
       .fallback = R"("exec")",
       .example = R"("notify")",
       .choices = readiness,
       .set = into<&NodeDraft::ready>},
      {.name = "ready_fd",
       .form = Form::integer,
       .meaning = "the descriptor of `ready = \"fd\"`",
       .fallback = "3",
       .example = "4",
       .min = 3,
       .max = 255,
       .set = into<&NodeDraft::ready_fd>},
      {.name = "ready_after",
       .form = Form::duration,
       .meaning = "the time of `ready = \"after\"`",
       .example = R"("2s")",
       .min = 1,
       .max = duration_max,
       .set = into<&NodeDraft::ready_after>},
      {.name = "start_timeout",
       .form = Form::duration,
       .meaning = "not ready within this time is a failed start",
       .fallback = R"("1min30s")",
       .example = R"("10s")",
       .min = 1,
       .max = duration_max,
       .set = into<&NodeDraft::start_timeout>},
      {.name = "watchdog",
       .form = Form::duration,
       .meaning = "without WATCHDOG=1 (sd_notify) for this time it is stopped and restarted; 0: not watched",
       .fallback = "0",
       .example = R"("30s")",
       .max = duration_max,
       .set = into<&NodeDraft::watchdog>},
  }};
  return keys;
}

std::span<const Key> pool_keys() {
  static const std::array<Key, 1> keys{{
      {.name = "size",
       .form = Form::instances,
       .meaning = "how many instances run",
       .fallback = "1",
       .example = "3",
       .min = 0,
       .max = 10'000,
       .set = into<&NodeDraft::size>},
  }};
  return keys;
}

void append_run_keys(Section& section) {
  append(section, command_keys());
  append(section, child_keys());
  section.keys.push_back(shutdown_key(R"("5s")", "the time between `stop_signal` and SIGKILL"));
  section.keys.push_back({.name = "backoff",
                          .form = Form::section,
                          .meaning = "delays between restarts, see below; merges with the kind's",
                          .section = &backoff_section()});
  append(section, process_keys());
  append(section, health_keys());
}

}  // namespace

const Section& worker_section() {
  static const Section section = [] {
    Section made{.name = "worker", .heading = "[worker.NAME]", .meaning = "One process.", .keys = {}};
    append(made, kind_keys());
    append_run_keys(made);
    return made;
  }();
  return section;
}

const Section& pool_section() {
  static const Section section = [] {
    Section made{.name = "pool",
                 .heading = "[pool.NAME]",
                 .meaning =
                     "A supervisor of equal workers, its instances: `restart`, `significant`, `shutdown` and "
                     "`backoff` are theirs.",
                 .keys = {}};
    append(made, kind_keys());
    append(made, pool_keys());
    append_run_keys(made);
    append(made, supervision_keys());
    return made;
  }();
  return section;
}

const Section& kind_section() {
  static const Section section = [] {
    Section made{.name = "kind",
                 .heading = "[kind.NAME]",
                 .meaning = "Defaults for the workers and pools that name it.",
                 .keys = {}};
    append_run_keys(made);
    append(made, pool_keys());
    append(made, supervision_keys());
    return made;
  }();
  return section;
}

}  // namespace simplevisor::config
