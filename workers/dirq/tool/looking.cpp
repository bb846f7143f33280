// workers/dirq/tool/looking.cpp
//
// simplevisor-dirq count, list, get, purge and stat. None of them makes a queue that is not there.
#include <fmt/format.h>

#include <algorithm>

#include "workers/dirq/queue.hpp"
#include "workers/dirq/tool/commands.hpp"

namespace simplevisor::dirq::tool {

namespace {

Result<Queue> open_existing(const std::string& path) {
  Options options;
  options.create = false;
  return Queue::open(path, options);
}

std::int64_t age_seconds(const ElementName& name) {
  return std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now() - name.time())
      .count();
}

}  // namespace

int count(const std::string& path, bool json) {
  auto queue = open_existing(path);
  if (!queue) return fail(queue.error());
  auto counted = queue->count();
  if (!counted) return fail(counted.error());
  return print(json ? fmt::format("{{\"queue\": {}, \"count\": {}}}\n", json_string(path), *counted)
                    : fmt::format("{}\n", *counted));
}

int list(const std::string& path, bool json) {
  auto queue = open_existing(path);
  if (!queue) return fail(queue.error());
  auto entries = queue->list();
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
    const auto size = queue->size(entry.name);
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
}

int get(const std::string& path, const std::string& text) {
  const auto name = ElementName::parse(text);
  if (!name)
    return fail(exit_bad_name, fmt::format("element {}: not of the form DDDDDDDD/EEEEEEEEEEEEEE", text));
  auto queue = open_existing(path);
  if (!queue) return fail(queue.error());
  auto lock = queue->lock(*name);
  if (!lock) return fail(lock.error());
  auto content = lock->get();
  if (!content) return fail(content.error());
  // Given back before it is written: a reader that stops listening must not keep the lock.
  if (auto unlocked = lock->unlock(); !unlocked) return fail(unlocked.error());
  return print(*content);
}

int purge(const PurgeRequest& request) {
  auto queue = open_existing(request.queue);
  if (!queue) return fail(queue.error());
  auto report = queue->purge(request.options);
  if (!report) return fail(report.error());
  return print(
      fmt::format(fmt::runtime(request.json ? "{{\"temporaries\": {}, \"locks\": {}, \"directories\": {}}}\n"
                                            : "removed {} temporaries, {} locks, {} directories\n"),
                  report->temporaries, report->locks, report->directories));
}

int stat(const std::string& path, bool json) {
  auto queue = open_existing(path);
  if (!queue) return fail(queue.error());
  auto stat = queue->stat();
  if (!stat) return fail(stat.error());
  if (json) {
    return print(
        fmt::format("{{\"queue\": {}, \"ready\": {}, \"locked\": {}, \"temporary\": {}, \"directories\": {}, "
                    "\"spares\": {}, "
                    "\"oldest_age_s\": {}, \"rate\": {:.3f}, \"rate_window_s\": {}}}\n",
                    json_string(path), stat->ready, stat->locked, stat->temporary, stat->directories,
                    stat->spares, stat->oldest_age ? fmt::format("{}", stat->oldest_age->count()) : "null",
                    stat->rate, stat->rate_window.count()));
  }
  return print(fmt::format(
      "ready        {}\nlocked       {}\ntemporary    {}\ndirectories  {}\nspares       {}\noldest       {}\n"
      "rate         {:.3f}/s at least (elements present and added in the last {} s)\n",
      stat->ready, stat->locked, stat->temporary, stat->directories, stat->spares,
      stat->oldest_age ? fmt::format("{} s", stat->oldest_age->count()) : "-", stat->rate,
      stat->rate_window.count()));
}

}  // namespace simplevisor::dirq::tool
