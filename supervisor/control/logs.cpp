#include "supervisor/control/logs.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <span>
#include <string_view>
#include <utility>

#include "supervisor/control/text.hpp"
#include "supervisor/runtime/logs/log_follower.hpp"
#include "supervisor/runtime/logs/log_range.hpp"

namespace simplevisor::control {
namespace {

namespace logs = runtime::logs;
using runtime::append_json_string;

constexpr std::size_t names_in_a_note = 3;

struct Line {
  std::size_t worker = 0;
  logs::LogTime order{};
  logs::StoredLine line;
};

// What is there already.
struct Gathered {
  std::vector<Line> lines;
  std::vector<std::string> notes;
  std::vector<logs::LogPosition> ends;  // of each worker's log
};

// "root/a, root/b and 7 more"
std::string some_of(const std::vector<std::string_view>& paths) {
  const std::size_t named = std::min(paths.size(), names_in_a_note);
  std::string text = fmt::format("{}", fmt::join(std::span{paths}.first(named), ", "));
  if (named < paths.size()) text += fmt::format(" and {} more", paths.size() - named);
  return text;
}

void append_lines(std::vector<Line>& to, std::size_t worker, logs::LogRange range) {
  logs::LogTime order = range.changed;
  for (const logs::StoredLine& line : range.lines) {
    if (!line.time) continue;
    order = *line.time;
    break;
  }
  for (logs::StoredLine& line : range.lines) {
    order = line.time ? std::max(order, *line.time) : order;
    to.push_back({worker, order, std::move(line)});
  }
}

Gathered gather(const std::vector<std::string>& workers, const LogsQuery& query,
                const runtime::Service& service, std::size_t bytes_max, bool to_follow) {
  Gathered all;
  std::vector<std::string_view> cut;
  std::vector<std::string_view> untimed;
  std::vector<std::string_view> absent;
  std::uint64_t scan_left = logs_scan_bytes_max;
  std::size_t bytes_left = bytes_max;
  for (std::size_t n = 0; n < workers.size(); ++n) {
    const std::size_t sharers = workers.size() - n;
    logs::LogRange range =
        logs::last_of(service.log_path(workers[n]),
                      {.lines = query.lines.value_or(query.since ? logs_lines_max : logs_lines_default),
                       .bytes_max = bytes_left / sharers,
                       .scan_bytes_max = scan_left / sharers,
                       .since = query.since,
                       .finished_only = to_follow});
    std::size_t bytes = 0;
    for (const logs::StoredLine& line : range.lines) bytes += line.text.size();
    bytes_left -= std::min(bytes_left, bytes);
    scan_left -= std::min(scan_left, range.scanned);
    all.ends.push_back(range.end);
    if (range.cut) cut.push_back(workers[n]);
    if (range.untimed) untimed.push_back(workers[n]);
    if (range.changed == logs::LogTime{}) absent.push_back(workers[n]);
    append_lines(all.lines, n, std::move(range));
  }
  std::ranges::stable_sort(all.lines, {}, &Line::order);
  if (workers.empty()) all.notes.emplace_back("there are no workers below it");
  if (!absent.empty())
    all.notes.push_back(
        fmt::format("no log of {}: nothing was printed yet, or the output is not captured", some_of(absent)));
  if (!untimed.empty())
    all.notes.push_back(fmt::format(
        "no times in the lines of {}: shown is what is in files changed since then", some_of(untimed)));
  if (!cut.empty()) all.notes.push_back(fmt::format("older lines of {} are left out", some_of(cut)));
  return all;
}

void append_line(std::string& json, const std::string& path, const logs::StoredLine& line) {
  json += R"({"path":)";
  append_json_string(json, path);
  if (line.time) json += fmt::format(R"(,"time":"{}")", logs::time_text(*line.time));
  if (line.stream != logs::Stream::unknown) json += fmt::format(R"(,"stream":"{}")", name_of(line.stream));
  if (line.partial) json += R"(,"partial":true)";
  json += R"(,"text":)";
  append_json_string(json, line.text);
  json += '}';
}

void append_note(std::string& stream, std::string_view text) {
  stream += "event: note\ndata: {\"text\":";
  append_json_string(stream, text);
  stream += "}\n\n";
}

class LogFeed final : public Feed {
 public:
  LogFeed(std::vector<std::string> workers, const runtime::Service& service, Gathered first)
      : workers_(std::move(workers)), first_(std::move(first)) {
    followers_.reserve(workers_.size());
    for (std::size_t n = 0; n < workers_.size(); ++n)
      followers_.emplace_back(service.log_path(workers_[n]), first_.ends[n]);
  }

  std::string next(std::size_t bytes_max) override {
    std::string stream;
    for (const std::string& note : std::exchange(first_.notes, {})) append_note(stream, note);
    while (sent_ < first_.lines.size() && stream.size() < bytes_max) {
      const Line& line = first_.lines[sent_++];
      append(stream, line.worker, line.line);
    }
    if (sent_ < first_.lines.size()) return stream;
    if (!std::exchange(live_, true)) stream += "event: live\ndata: {}\n\n";
    first_ = {};
    sent_ = 0;
    append_news(stream, bytes_max);
    return stream;
  }

 private:
  // Whose turn did not come this time is first next time.
  void append_news(std::string& stream, std::size_t bytes_max) {
    for (std::size_t tried = 0; tried < followers_.size() && stream.size() < bytes_max; ++tried) {
      const std::size_t worker = turn_;
      turn_ = (turn_ + 1) % followers_.size();
      const auto taken = followers_[worker].take(bytes_max - stream.size());
      if (taken.gap) append_note(stream, fmt::format("some lines of {} are missing", workers_[worker]));
      for (const logs::StoredLine& line : taken.lines) append(stream, worker, line);
    }
  }

  void append(std::string& stream, std::size_t worker, const logs::StoredLine& line) const {
    stream += "data: ";
    append_line(stream, workers_[worker], line);
    stream += "\n\n";
  }

  std::vector<std::string> workers_;
  Gathered first_;
  std::size_t sent_ = 0;  // of them
  bool live_ = false;     // all of them, and that was told
  std::vector<logs::LogFollower> followers_;
  std::size_t turn_ = 0;
};

}  // namespace

std::vector<std::string> workers_of(const std::vector<runtime::NodeStatus>& rows) {
  std::vector<std::string> paths;
  for (const runtime::NodeStatus& row : rows) {
    if (row.type == runtime::NodeType::worker) paths.push_back(row.path);
  }
  return paths;
}

std::string logs_json(const std::vector<std::string>& workers, const LogsQuery& query,
                      const runtime::Service& service) {
  const Gathered all = gather(workers, query, service, logs_bytes_max, false);
  std::string json = R"({"lines":[)";
  for (const Line& line : all.lines) {
    if (&line != all.lines.data()) json += ',';
    append_line(json, workers[line.worker], line.line);
  }
  json += R"(],"notes":[)";
  for (const std::string& note : all.notes) {
    if (&note != all.notes.data()) json += ',';
    append_json_string(json, note);
  }
  return json + "]}";
}

std::unique_ptr<Feed> follow_logs(const std::vector<std::string>& workers, const LogsQuery& query,
                                  const runtime::Service& service) {
  return std::make_unique<LogFeed>(workers, service,
                                   gather(workers, query, service, logs_follow_bytes_max, true));
}

}  // namespace simplevisor::control
