// workers/dirq/tool/looking.cpp
//
// simplevisor-dirq count, list, get, purge and stat, on queues of either kind. None of them makes a queue that is not
// there.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "workers/dirq/normal/queue.hpp"
#include "workers/dirq/queue.hpp"
#include "workers/dirq/tool/commands.hpp"

namespace simplevisor::dirq::tool {

namespace {

// Opens the queue as what it is, or is said to be, and answers with the exit code that `use(queue)` does.
template <class Use>
int with_queue(const Target& target, Use use) {
  const auto run = [&](auto queue) { return queue ? use(*queue) : fail(queue.error()); };
  if (target.layout.value_or(detect_layout(target.path)) == Layout::normal)
    return run(NormalQueue::open(target.path, {.create = false}));
  return run(Queue::open(target.path, {.create = false}));
}

std::int64_t age_seconds(const ElementName& name) {
  return std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now() - name.time())
      .count();
}

Result<std::string> content(const Lock& lock, const std::optional<std::string>& field) {
  if (field) return failed(Errc::malformed, fmt::format("--field {}: the queue is no normal queue", *field));
  return lock.get();
}

Result<std::string> content(const NormalLock& lock, const std::optional<std::string>& field) {
  if (field) return lock.get_field(*field);
  const auto fields = lock.fields();
  if (!fields) return std::unexpected(fields.error());
  if (fields->size() == 1) return lock.get_field(fields->front());
  return failed(Errc::malformed, fmt::format("element {}: choose one with --field: {}", lock.name().str(),
                                             fmt::join(*fields, ", ")));
}

}  // namespace

int count(const Target& target, bool json) {
  return with_queue(target, [&](auto& queue) {
    const auto counted = queue.count();
    if (!counted) return fail(counted.error());
    return print(json ? fmt::format("{{\"queue\": {}, \"count\": {}}}\n", json_string(target.path), *counted)
                      : fmt::format("{}\n", *counted));
  });
}

int list(const Target& target, bool json) {
  return with_queue(target, [&](auto& queue) -> int {
    const auto entries = queue.list();
    if (!entries) return fail(entries.error());
    // Line by line, as a queue may be long; JSON too is one object a line.
    if (!json) {
      if (const int code =
              print(fmt::format("{:<23}  {:<6}  {:>10}  {:>12}\n", "name", "state", "age/s", "bytes"));
          code != exit_done) {
        return code;
      }
    }
    for (const Entry& entry : *entries) {
      const auto size = queue.size(entry.name);
      if (!size && size.error().code == Errc::gone) continue;  // taken meanwhile
      if (!size) return fail(size.error());
      const std::string_view state = entry.locked ? "locked" : "ready";
      const int code =
          print(json ? fmt::format("{{\"name\": \"{}\", \"state\": \"{}\", \"age_s\": {}, \"bytes\": {}}}\n",
                                   entry.name.str(), state, age_seconds(entry.name), *size)
                     : fmt::format("{:<23}  {:<6}  {:>10}  {:>12}\n", entry.name.str(), state,
                                   age_seconds(entry.name), *size));
      if (code != exit_done) return code;
    }
    return exit_done;
  });
}

int get(const Target& target, const std::string& text, const std::optional<std::string>& field) {
  const auto name = ElementName::parse(text);
  if (!name)
    return fail(exit_bad_name, fmt::format("element {}: not of the form DDDDDDDD/EEEEEEEEEEEEEE", text));
  return with_queue(target, [&](auto& queue) -> int {
    auto lock = queue.lock(*name);
    if (!lock) return fail(lock.error());
    const auto bytes = content(*lock, field);
    if (!bytes) return fail(bytes.error());
    // Given back before it is written: a reader that stops listening must not keep the lock.
    if (auto unlocked = lock->unlock(); !unlocked) return fail(unlocked.error());
    return print(*bytes);
  });
}

int purge(const PurgeRequest& request) {
  return with_queue(request.queue, [&](auto& queue) {
    const auto report = queue.purge(request.options);
    if (!report) return fail(report.error());
    return print(fmt::format(
        fmt::runtime(request.json ? "{{\"temporaries\": {}, \"locks\": {}, \"directories\": {}}}\n"
                                  : "removed {} temporaries, {} locks, {} directories\n"),
        report->temporaries, report->locks, report->directories));
  });
}

int stat(const Target& target, bool json) {
  return with_queue(target, [&](auto& queue) {
    const auto stat = queue.stat();
    if (!stat) return fail(stat.error());
    if (json) {
      return print(fmt::format(
          "{{\"queue\": {}, \"ready\": {}, \"locked\": {}, \"temporary\": {}, \"directories\": {}, "
          "\"spares\": {}, "
          "\"oldest_age_s\": {}, \"rate\": {:.3f}, \"rate_window_s\": {}}}\n",
          json_string(target.path), stat->ready, stat->locked, stat->temporary, stat->directories,
          stat->spares, stat->oldest_age ? fmt::format("{}", stat->oldest_age->count()) : "null", stat->rate,
          stat->rate_window.count()));
    }
    return print(
        fmt::format("ready        {}\nlocked       {}\ntemporary    {}\ndirectories  {}\nspares       "
                    "{}\noldest       {}\n"
                    "rate         {:.3f}/s at least (elements present and added in the last {} s)\n",
                    stat->ready, stat->locked, stat->temporary, stat->directories, stat->spares,
                    stat->oldest_age ? fmt::format("{} s", stat->oldest_age->count()) : "-", stat->rate,
                    stat->rate_window.count()));
  });
}

}  // namespace simplevisor::dirq::tool
