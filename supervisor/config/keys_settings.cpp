// supervisor/config/keys_settings.cpp
//
// The keys of [simplevisor].
#include "supervisor/config/keys.hpp"

namespace simplevisor::config {
namespace {

constexpr std::int64_t KiB = 1 << 10;
constexpr std::int64_t TiB = 1ll << 40;

const Section& log_section() {
  static const Section section{.name = "log",
                               .heading = "[simplevisor.log]",
                               .meaning = "What the supervisor itself logs, and where to.",
                               .keys = {
                                   {.name = "level",
                                    .form = Form::choice,
                                    .meaning = "the least important messages that are logged",
                                    .fallback = R"("info")",
                                    .example = R"("debug")",
                                    .choices = log_levels(),
                                    .set = into<&SettingsDraft::log_level>},
                                   {.name = "stderr",
                                    .form = Form::boolean,
                                    .meaning = "log to standard error",
                                    .fallback = "true",
                                    .example = "false",
                                    .set = into<&SettingsDraft::log_stderr>},
                                   {.name = "file",
                                    .form = Form::path,
                                    .meaning = "log to this file",
                                    .example = R"("/var/log/simplevisor.log")",
                                    .set = into<&SettingsDraft::log_file>},
                                   {.name = "file_size",
                                    .form = Form::size,
                                    .meaning = "a log file that reaches this size is rotated",
                                    .fallback = R"("10MiB")",
                                    .example = R"("64MiB")",
                                    .min = 4 * KiB,
                                    .max = TiB,
                                    .set = into<&SettingsDraft::log_file_size>},
                                   {.name = "file_count",
                                    .form = Form::integer,
                                    .meaning = "rotated log files that are kept",
                                    .fallback = "5",
                                    .example = "10",
                                    .min = 1,
                                    .max = 1000,
                                    .set = into<&SettingsDraft::log_file_count>},
                                   {.name = "syslog",
                                    .form = Form::choice,
                                    .meaning = "log to syslog with this facility",
                                    .example = R"("daemon")",
                                    .choices = syslog_facilities(),
                                    .set = into<&SettingsDraft::log_syslog>},
                                   {.name = "json",
                                    .form = Form::boolean,
                                    .meaning = "one JSON object a line instead of text",
                                    .fallback = "false",
                                    .example = "true",
                                    .set = into<&SettingsDraft::log_json>},
                               }};
  return section;
}

const Section& capture_section() {
  static const Section section{
      .name = "capture",
      .heading = "[simplevisor.capture]",
      .meaning = "The files that hold what workers write, one for each, below `state_dir`.",
      .keys = {
          {.name = "size",
           .form = Form::size,
           .meaning = "a file that reaches this size is rotated",
           .fallback = R"("10MiB")",
           .example = R"("1MiB")",
           .min = 4 * KiB,
           .max = TiB,
           .set = into<&SettingsDraft::capture_size>},
          {.name = "files",
           .form = Form::integer,
           .meaning = "rotated files that are kept beside the current one",
           .fallback = "5",
           .example = "2",
           .min = 0,
           .max = 1000,
           .set = into<&SettingsDraft::capture_files>},
          {.name = "age",
           .form = Form::duration,
           .meaning = "a file that was begun so long ago is rotated; 0: never for its age",
           .fallback = "0",
           .example = R"("1d")",
           .min = 0,
           .max = 365ll * 24 * 3600 * 1000,
           .set = into<&SettingsDraft::capture_age>},
          {.name = "total",
           .form = Form::size,
           .meaning = "all logs together; above it rotated files are removed, the oldest first; 0: no limit",
           .fallback = "0",
           .example = R"("20GiB")",
           .min = 0,
           .max = 1024 * TiB,
           .set = into<&SettingsDraft::capture_total>},
          {.name = "compress",
           .form = Form::boolean,
           .meaning = "rotated files are compressed (gzip), but for the youngest of each worker",
           .fallback = "true",
           .example = "false",
           .set = into<&SettingsDraft::capture_compress>},
          {.name = "format",
           .form = Form::choice,
           .meaning = "`raw`: as workers write it, moved by the kernel; `text`: each line with time and "
                      "stream before "
                      "it; `json`: each line an object with time, stream, path and life, and the members of "
                      "an object "
                      "that the worker wrote",
           .fallback = R"("text")",
           .example = R"("json")",
           .choices = log_formats(),
           .set = into<&SettingsDraft::capture_format>},
          {.name = "to",
           .form = Form::choice,
           .meaning = "into files below `state_dir`, or line by line to the journal or to syslog",
           .fallback = R"("files")",
           .example = R"("journald")",
           .choices = log_targets(),
           .set = into<&SettingsDraft::capture_to>},
          {.name = "flood_lines",
           .form = Form::integer,
           .meaning = "lines of one worker a second; what comes on top is dropped and counted in the log; 0: "
                      "no limit. "
                      "Has no effect on `raw`",
           .fallback = "0",
           .example = "1000",
           .min = 0,
           .max = 1'000'000'000,
           .set = into<&SettingsDraft::capture_flood_lines>},
          {.name = "flood_bytes",
           .form = Form::size,
           .meaning = "the same in bytes",
           .fallback = "0",
           .example = R"("1MiB")",
           .min = 0,
           .max = TiB,
           .set = into<&SettingsDraft::capture_flood_bytes>},
          {.name = "drop",
           .form = Form::boolean,
           .meaning = "a worker whose log cannot be written goes on when its pipe is full, and what it "
                      "prints is dropped "
                      "and counted; false: it waits",
           .fallback = "true",
           .example = "false",
           .set = into<&SettingsDraft::capture_drop>},
      }};
  return section;
}

const Section& control_section() {
  static const Section section{
      .name = "control",
      .heading = "[simplevisor.control]",
      .meaning =
          "Who may see and command the tree. Root and the supervisor's own user may do everything; others "
          "what "
          "`read`, `operate` and `admin` say: lists of users (`\"mona\"`), groups (`\"%ops\"`) and `\"*\"` "
          "for every "
          "local user, each for the whole tree or, after a blank, for what is below a path (`\"%ops "
          "root/broker-a\"`). `listen` opens the API and its web page to programs that know a token.",
      .keys = {
          {.name = "read",
           .form = Form::globs,
           .meaning = "who may see states, histories, events and output",
           .fallback = "[]",
           .example = R"(["nagios", "%adm"])",
           .set = into<&SettingsDraft::control_read>},
          {.name = "operate",
           .form = Form::globs,
           .meaning = "who may also start, stop, hold, restart and signal workers; one that is killed by a "
                      "signal has failed, "
                      "and counts for the limits of all above it",
           .fallback = "[]",
           .example = R"(["%ops root"])",
           .set = into<&SettingsDraft::control_operate>},
          {.name = "admin",
           .form = Form::globs,
           .meaning = "who may do everything: also see the configuration and stop the supervisor",
           .fallback = "[]",
           .example = R"(["mona"])",
           .set = into<&SettingsDraft::control_admin>},
          {.name = "listen",
           .form = Form::text,
           .meaning = "TCP address and port; without it there is the unix socket only",
           .example = R"("127.0.0.1:7878")",
           .set = into<&SettingsDraft::control_listen>},
          {.name = "token_file",
           .form = Form::path,
           .meaning = "a file that others cannot read and that holds the token (16 to 1024 characters) which "
                      "clients of "
                      "`listen` send as `Authorization: Bearer`; with `listen` it must be there",
           .example = R"("/etc/simplevisor/token")",
           .set = into<&SettingsDraft::control_token_file>},
          {.name = "write",
           .form = Form::boolean,
           .meaning = "clients of `listen` may also start, stop, hold, restart and signal workers",
           .fallback = "false",
           .example = "true",
           .set = into<&SettingsDraft::control_write>},
          {.name = "hosts",
           .form = Form::globs,
           .meaning =
               "names by which clients may call the host of `listen`, beside `localhost` and IP addresses",
           .fallback = "[]",
           .example = R"(["monitor.example.org"])",
           .set = into<&SettingsDraft::control_hosts>},
          {.name = "certificate",
           .form = Form::path,
           .meaning = "PEM file of the server's certificate chain: `listen` speaks TLS",
           .example = R"("/etc/simplevisor/server.pem")",
           .set = into<&SettingsDraft::control_certificate>},
          {.name = "key",
           .form = Form::path,
           .meaning = "PEM file of its private key",
           .example = R"("/etc/simplevisor/server.key")",
           .set = into<&SettingsDraft::control_key>},
      }};
  return section;
}

}  // namespace

const Section& settings_section() {
  static const Section section{
      .name = "simplevisor",
      .heading = "[simplevisor]",
      .meaning = "The supervisor itself. Only `include` may stand in an included file.",
      .keys = {
          {.name = "name",
           .form = Form::node_name,
           .meaning = "what this instance is called",
           .fallback = R"("simplevisor")",
           .example = R"("messaging-host")",
           .set = into<&SettingsDraft::name>},
          {.name = "state_dir",
           .form = Form::path,
           .meaning = "where it keeps its state, its socket and the output of its workers; by default "
                      "`/var/lib/simplevisor/NAME` for root, `$XDG_STATE_HOME/simplevisor/NAME` "
                      "(`~/.local/state/...`) for other users",
           .example = R"("state")",
           .set = into<&SettingsDraft::state_dir>},
          {.name = "include",
           .form = Form::globs,
           .meaning = "files to read as well, in this order, those of one pattern sorted by name",
           .example = R"(["conf.d/*.toml"])",
           .set = into<&SettingsDraft::include>},
          {.name = "root",
           .form = Form::node_name,
           .meaning = "the supervisor at the top of the tree",
           .fallback = R"("root")",
           .example = R"("root")",
           .set = into<&SettingsDraft::root>},
          {.name = "prefer_restarts",
           .form = Form::boolean,
           .meaning =
               "the supervisor's own thread, and on a busy host for its first 20 ms a worker that takes "
               "the place of one that died, run ahead of all ordinary processes (`SCHED_FIFO`), so that "
               "restarts take no longer there; where it may (root, `CAP_SYS_NICE`)",
           .fallback = "true",
           .example = "false",
           .set = into<&SettingsDraft::prefer_restarts>},
          {.name = "log", .form = Form::section, .meaning = "see below", .section = &log_section()},
          {.name = "capture", .form = Form::section, .meaning = "see below", .section = &capture_section()},
          {.name = "control", .form = Form::section, .meaning = "see below", .section = &control_section()},
      }};
  return section;
}

}  // namespace simplevisor::config
