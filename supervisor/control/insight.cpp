#include "supervisor/control/insight.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "supervisor/control/json.hpp"
#include "supervisor/control/text.hpp"
#include "supervisor/runtime/journal/event_json.hpp"
#include "supervisor/runtime/log_file_tail.hpp"
#include "supervisor/runtime/words.hpp"

namespace simplevisor::control {
namespace {

using runtime::append_json_string;
using runtime::NodeStatus;
namespace journal = runtime::journal;

constexpr std::size_t ends_shown = 5;
constexpr std::size_t decisions_shown = 12;
constexpr std::size_t lines_shown = 10;
constexpr std::size_t line_bytes_shown = 8192;

std::string array_of(const std::vector<std::string>& items) {
  return fmt::format("[{}]", fmt::join(items, ","));
}

std::string quoted(std::string_view text) {
  std::string json;
  append_json_string(json, text);
  return json;
}

// The youngest first.
std::vector<std::string> ends_of(const journal::History& history, std::size_t count) {
  std::vector<std::string> ends;
  const auto entries = history.entries();
  for (auto entry = entries.rbegin(); entry != entries.rend() && ends.size() < count; ++entry) {
    std::string end = fmt::format(R"({{"time":{},"cause":{})", quoted(journal::in_text(entry->time)),
                                  quoted(journal::name_of(entry->end.cause)));
    if (entry->end.cause != journal::Cause::not_started)
      fmt::format_to(std::back_inserter(end), R"(,"{}":{})", entry->end.by_signal ? "signal" : "status",
                     entry->end.status);
    fmt::format_to(std::back_inserter(end), R"(,"lived_ms":{},"action":{}}})", entry->end.lived.count(),
                   entry->action ? quoted(journal::name_of(*entry->action)) : "null");
    ends.push_back(std::move(end));
  }
  return ends;
}

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    lines.push_back(quoted(text.substr(0, end)));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

std::string times(std::size_t count) {
  return count == 1 ? "once more" : fmt::format("{} more times", count);
}

// What the end of `child`, given up or not restarted, means for the supervisor above it.
std::string group_of(const NodeStatus& above, const NodeStatus& child) {
  if (above.strategy == "one_for_all") return fmt::format("{} and all its siblings", child.path);
  if (above.strategy == "rest_for_one") return fmt::format("{} and its siblings after it", child.path);
  return child.path;
}

}  // namespace

std::vector<std::string> outlook(const std::vector<NodeStatus>& rows) {
  std::vector<std::string> steps;
  for (std::size_t n = rows.size() - 1; n > 0; --n) {
    const NodeStatus& child = rows[n];
    const NodeStatus& above = rows[n - 1];
    const std::string_view when = steps.empty() ? "if it fails" : "then";
    if (child.restart_type == "temporary") {
      steps.push_back(
          fmt::format("{}: {} is temporary: {} does not restart it", when, child.path, above.path));
      return steps;
    }
    if (child.restart_type == "transient" && child.type != runtime::NodeType::worker) {
      steps.push_back(
          fmt::format("{}: {} is transient: having given up it stays stopped, and nobody above it notices",
                      when, child.path));
      return steps;
    }
    const std::size_t left = above.restarts_limit - std::min(above.restarts, above.restarts_limit);
    const std::string window = runtime::in_words(above.restarts_window);
    if (left > 0)
      steps.push_back(fmt::format("{}: {} restarts {}, {} within {}", when, above.path,
                                  group_of(above, child), times(left), window));
    if (above.cools_down) {
      steps.push_back(
          fmt::format("one more: {} waits, then tries again, for as long as it takes", above.path));
      return steps;
    }
    steps.push_back(
        fmt::format("{}: {} gives up and stops all its children", left > 0 ? "one more" : when, above.path));
  }
  if (rows.front().depth > 0) {  // whoever asks sees a part of the tree
    steps.push_back(fmt::format("if {} gives up: what is above it decides", rows.front().path));
    return steps;
  }
  steps.push_back(rows.size() == 1
                      ? "if it gives up: the tree is stopped and the supervisor ends with exit status 1"
                      : "that is the whole tree: the supervisor ends with exit status 1");
  return steps;
}

std::string history_json(const std::string& path, const journal::Recorder* recorder) {
  const auto history = recorder ? recorder->history(path) : std::nullopt;
  return fmt::format(
      R"({{"path":{},"total":{},"ends":{}}})", quoted(path), history ? history->total : 0,
      array_of(history ? ends_of(*history, journal::History::ends_max) : std::vector<std::string>{}));
}

std::string why_json(const Lineage& lineage, const journal::Recorder* recorder) {
  const std::string& path = lineage.rows.back().path;
  std::vector<std::string> above;
  std::vector<std::string> above_paths;
  for (std::size_t n = 0; n + 1 < lineage.rows.size(); ++n) {
    above.push_back(node_json(lineage.rows[n]));
    above_paths.push_back(lineage.rows[n].path);
  }
  std::vector<std::string> ends;
  std::vector<std::string> decisions;
  if (recorder) {
    if (const auto history = recorder->history(path)) ends = ends_of(*history, ends_shown);
    for (const journal::Event& event : recorder->about(path, above_paths, decisions_shown))
      decisions.push_back(journal::to_json(event));
  }
  std::vector<std::string> steps;
  for (const std::string& step : outlook(lineage.rows)) steps.push_back(quoted(step));
  const std::string output =
      lineage.log_path.empty() ? "" : runtime::last_lines(lineage.log_path, lines_shown, line_bytes_shown);
  return fmt::format(R"({{"node":{},"above":{},"ends":{},"decisions":{},"output":{},"outlook":{}}})",
                     node_json(lineage.rows.back()), array_of(above), array_of(ends), array_of(decisions),
                     array_of(lines_of(output)), array_of(steps));
}

bool concerns(std::string_view line, const runtime::Scope& within) {
  if (within.is_everything()) return true;
  const journal::Line parsed = journal::parse_line(line);
  const auto* const event = std::get_if<journal::Event>(&parsed);
  return event && within.covers(event->path);
}

std::string events_json(const journal::Chunk& chunk) {
  return fmt::format(R"({{"events":{},"first":{},"last":{},"gap":{}}})", array_of(chunk.lines), chunk.first,
                     chunk.last, chunk.gap);
}

}  // namespace simplevisor::control
