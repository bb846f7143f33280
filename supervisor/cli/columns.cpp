#include "supervisor/cli/columns.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

#include "supervisor/config/units.hpp"
#include "supervisor/control/json.hpp"

namespace simplevisor::cli {
namespace {

using runtime::NodeStatus;
using runtime::NodeType;
using runtime::Verdict;

constexpr std::string_view usual = "node,state,ready,pid,age,restarts,next,why";
constexpr std::string_view wide = "node,type,state,ready,pid,age,restarts,budget,strategy,restart,next,why";

std::string or_dash(const std::string& text) {
  return text.empty() ? "-" : text;
}

bool has_budget(const NodeStatus& row) {
  return row.type != NodeType::worker && row.restarts_window.count() > 0;
}

std::size_t budget_left(const NodeStatus& row) {
  return row.restarts_limit - std::min(row.restarts, row.restarts_limit);
}

Cell restarts_cell(const NodeStatus& row) {
  if (row.type == NodeType::worker) return {fmt::format("{}", row.restarts)};
  return {fmt::format("{}/{} in {}", row.restarts, row.restarts_limit,
                      config::duration_text(row.restarts_window))};
}

Cell budget_cell(const NodeStatus& row) {
  const Colour colour = has_budget(row) && budget_left(row) == 0 ? Colour::yellow : Colour::none;
  return {or_dash(budget_text(row)), colour};
}

// Why it is as it is; where there is nothing to explain, what the worker says of itself.
Cell why_cell(const NodeStatus& row) {
  return {printable(row.why.empty() ? row.status : row.why)};
}

// Those without come last, as nothing is known of them.
template <class Value>
bool known_first(bool a_known, const Value& a, bool b_known, const Value& b) {
  return a_known && (!b_known || a < b);
}

constexpr std::array<NodeColumn, 17> columns{{
    {"node", {"NODE", 24, false}, [](const NodeStatus& row) { return Cell{printable(row.path)}; }, nullptr},
    {"path",
     {"PATH", 24, false},
     [](const NodeStatus& row) { return Cell{printable(row.path)}; },
     [](const NodeStatus& a, const NodeStatus& b) { return a.path < b.path; }},
    {"type",
     {"TYPE", 10, false},
     [](const NodeStatus& row) { return Cell{std::string(control::name_of(row.type))}; },
     [](const NodeStatus& a, const NodeStatus& b) { return a.type < b.type; }},
    {"state",
     {"STATE", 10, false},
     [](const NodeStatus& row) { return Cell{printable(row.state), colour_of(row.verdict)}; },
     [](const NodeStatus& a, const NodeStatus& b) {
       return a.verdict != b.verdict ? a.verdict > b.verdict : a.state < b.state;
     }},
    {"verdict",
     {"VERDICT", 7, false},
     [](const NodeStatus& row) {
       return Cell{std::string(control::name_of(row.verdict)), colour_of(row.verdict)};
     },
     [](const NodeStatus& a, const NodeStatus& b) { return a.verdict > b.verdict; }},
    {"ready",
     {"READY", 5, true},
     [](const NodeStatus& row) { return Cell{fmt::format("{}/{}", row.ready, row.wanted)}; },
     [](const NodeStatus& a, const NodeStatus& b) {
       // The most missing. Never negative, but for a worker that is there although it need not be.
       const auto missing = [](const NodeStatus& row) {
         return row.wanted - std::min(row.wanted, row.ready);
       };
       return missing(a) > missing(b);
     }},
    {"pid",
     {"PID", 7, true},
     [](const NodeStatus& row) { return Cell{row.pid > 0 ? fmt::format("{}", row.pid) : "-"}; },
     [](const NodeStatus& a, const NodeStatus& b) {
       return known_first(a.pid > 0, a.pid, b.pid > 0, b.pid);
     }},
    {"age",
     {"AGE", 6, true},
     [](const NodeStatus& row) { return Cell{age_text(row.age)}; },
     [](const NodeStatus& a, const NodeStatus& b) {
       return known_first(a.age.count() >= 0, a.age, b.age.count() >= 0, b.age);
     }},
    {"restarts",
     {"RESTARTS", 11, false},
     restarts_cell,
     [](const NodeStatus& a, const NodeStatus& b) { return a.restarts > b.restarts; }},
    {"budget",
     {"BUDGET", 19, false},
     budget_cell,
     [](const NodeStatus& a, const NodeStatus& b) {
       return known_first(has_budget(a), budget_left(a), has_budget(b), budget_left(b));
     }},
    {"strategy",
     {"STRATEGY", 11, false},
     [](const NodeStatus& row) { return Cell{or_dash(printable(row.strategy))}; },
     [](const NodeStatus& a, const NodeStatus& b) { return a.strategy < b.strategy; }},
    {"restart",
     {"RESTART", 9, false},
     [](const NodeStatus& row) { return Cell{or_dash(printable(row.restart_type))}; },
     [](const NodeStatus& a, const NodeStatus& b) { return a.restart_type < b.restart_type; }},
    {"held",
     {"HELD", 4, false},
     [](const NodeStatus& row) { return Cell{row.held ? "held" : "-"}; },
     [](const NodeStatus& a, const NodeStatus& b) { return a.held && !b.held; }},
    {"next",
     {"NEXT", 4, false},
     [](const NodeStatus& row) { return Cell{or_dash(printable(row.next))}; },
     [](const NodeStatus& a, const NodeStatus& b) {
       return known_first(!a.next.empty(), a.next, !b.next.empty(), b.next);
     }},
    {"why",
     {"WHY", 0, false},
     why_cell,
     [](const NodeStatus& a, const NodeStatus& b) {
       return known_first(!a.why.empty(), a.why, !b.why.empty(), b.why);
     }},
    {"status",
     {"STATUS", 0, false},
     [](const NodeStatus& row) { return Cell{or_dash(printable(row.status))}; },
     [](const NodeStatus& a, const NodeStatus& b) {
       return known_first(!a.status.empty(), a.status, !b.status.empty(), b.status);
     }},
    {"name",
     {"NAME", 12, false},
     [](const NodeStatus& row) { return Cell{printable(row.name)}; },
     [](const NodeStatus& a, const NodeStatus& b) { return a.name < b.name; }},
}};

}  // namespace

std::span<const NodeColumn> node_columns() {
  return columns;
}

const NodeColumn* find_column(std::string_view name) {
  const auto found = std::ranges::find(columns, name, &NodeColumn::name);
  return found == columns.end() ? nullptr : &*found;
}

std::expected<std::vector<const NodeColumn*>, std::string> parse_columns(std::string_view words) {
  std::vector<const NodeColumn*> chosen;
  if (words.empty()) words = usual;
  while (!words.empty()) {
    const std::size_t end = std::min(words.find(','), words.size());
    const std::string_view word = words.substr(0, end);
    words.remove_prefix(std::min(end + 1, words.size()));
    if (word == "wide") {
      const auto all = parse_columns(wide);
      chosen.insert(chosen.end(), all->begin(), all->end());
    } else if (const NodeColumn* column = find_column(word)) {
      chosen.push_back(column);
    } else {
      return std::unexpected(std::string(word));
    }
  }
  return chosen;
}

std::vector<std::string_view> column_words() {
  std::vector<std::string_view> words;
  for (const NodeColumn& column : columns) words.push_back(column.name);
  words.emplace_back("wide");
  return words;
}

void sort_rows(std::vector<NodeStatus>& rows, const NodeColumn& column, bool reverse) {
  if (column.before != nullptr) {
    std::ranges::stable_sort(rows, [&](const NodeStatus& a, const NodeStatus& b) {
      return reverse ? column.before(b, a) : column.before(a, b);
    });
  } else if (reverse) {
    std::ranges::reverse(rows);
  }
}

std::string budget_text(const NodeStatus& row) {
  if (!has_budget(row)) return "";
  return fmt::format("{} of {} left in {}", budget_left(row), row.restarts_limit,
                     config::duration_text(row.restarts_window));
}

std::string node_label(const NodeStatus& row, bool alone) {
  return printable(alone || row.name.empty() ? row.path : row.name);
}

Colour colour_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::good:
      return Colour::none;
    case Verdict::healing:
      return Colour::yellow;
    case Verdict::failed:
      return Colour::red;
  }
  std::unreachable();
}

}  // namespace simplevisor::cli
