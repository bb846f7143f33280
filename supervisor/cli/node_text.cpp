#include "supervisor/cli/node_text.hpp"

#include <fmt/format.h>

#include <utility>

#include "supervisor/cli/text_table.hpp"
#include "supervisor/config/units.hpp"
#include "supervisor/control/node_order.hpp"

namespace simplevisor::cli {
namespace {

using runtime::NodeStatus;
using runtime::NodeType;
using runtime::Verdict;

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

std::string or_dash(const std::string& text) {
  return text.empty() ? "-" : text;
}

// Alone a node needs its whole path; below another one its name says it.
std::string label(const NodeStatus& row, std::size_t depth) {
  return printable(depth == 0 || row.name.empty() ? row.path : row.name);
}

std::string restarts_text(const NodeStatus& row) {
  if (row.type == NodeType::worker) return fmt::format("{}", row.restarts);
  return fmt::format("{}/{} in {}", row.restarts, row.restarts_limit,
                     config::duration_text(row.restarts_window));
}

// Why it is as it is; where there is nothing to explain, what the worker says of itself.
std::string why_text(const NodeStatus& row) {
  return printable(row.why.empty() ? row.status : row.why);
}

std::string verdict_line(const NodeStatus& row, bool colour) {
  const std::string path = printable(row.path);
  const std::string state = printable(row.state);
  if (row.verdict == Verdict::good) return fmt::format("{}: OK, {}, as expected\n", path, state);
  const std::string_view word = row.verdict == Verdict::healing ? "HEALING" : "FAILED";
  std::string line = fmt::format("{}: {}, {}", path, coloured(word, colour_of(row.verdict), colour), state);
  if (!row.why.empty()) line += fmt::format(", {}", printable(row.why));
  if (!row.next.empty()) line += fmt::format("; next: {}", printable(row.next));
  return line + "\n";
}

std::string tree_label(const NodeStatus& row, std::size_t depth, bool colour) {
  std::string text = label(row, depth);
  if (row.type != NodeType::worker)
    text +=
        fmt::format(" ({} {}/{})", row.type == NodeType::pool ? "pool" : "supervisor", row.ready, row.wanted);
  text += fmt::format(" {}", coloured(printable(row.state), colour_of(row.verdict), colour));
  if (row.pid > 0) text += fmt::format(", pid {}", row.pid);
  return text;
}

// For each row, whether a later row stands at the same depth below the same node.
std::vector<bool> followed_by_sibling(const std::vector<std::size_t>& depths) {
  std::vector<bool> followed(depths.size(), false);
  std::vector<bool> seen;  // by depth, below the nearest row above
  for (std::size_t i = depths.size(); i-- > 0;) {
    const std::size_t depth = depths[i];
    seen.resize(std::max(seen.size(), depth + 1), false);
    followed[i] = seen[depth];
    seen[depth] = true;
    seen.resize(depth + 1);
  }
  return followed;
}

}  // namespace

std::string status_text(const Rows& rows, bool colour) {
  static const std::vector<Column> columns{{"NODE", 24, false}, {"STATE", 10, false}, {"READY", 5, true},
                                           {"PID", 7, true},    {"AGE", 6, true},     {"RESTARTS", 11, false},
                                           {"NEXT", 4, false},  {"WHY", 0, false}};
  const std::vector<std::size_t> depths = control::shown_depths(rows);
  std::vector<std::vector<Cell>> cells;
  cells.reserve(rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const NodeStatus& row = rows[i];
    cells.push_back({{std::string(2 * depths[i], ' ') + label(row, depths[i])},
                     {printable(row.state), colour_of(row.verdict)},
                     {fmt::format("{}/{}", row.ready, row.wanted)},
                     {row.pid > 0 ? fmt::format("{}", row.pid) : "-"},
                     {age_text(row.age)},
                     {restarts_text(row)},
                     {or_dash(printable(row.next))},
                     {why_text(row)}});
  }
  return text_table(columns, cells, colour);
}

std::string check_text(const Rows& rows, bool colour) {
  std::string text;
  for (const NodeStatus& row : rows) text += verdict_line(row, colour);
  return text;
}

std::string tree_text(const Rows& rows, bool colour) {
  const std::vector<std::size_t> depths = control::shown_depths(rows);
  const std::vector<bool> followed = followed_by_sibling(depths);
  std::string text;
  std::vector<std::string> stems;  // what stands left of the children of the row at that depth
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const std::size_t depth = depths[i];
    stems.resize(depth);
    const std::string above = depth == 0 ? "" : stems.back();
    if (depth == 0) {
      stems.emplace_back();
    } else {
      text += above + (followed[i] ? "├─ " : "└─ ");
      stems.push_back(above + (followed[i] ? "│  " : "   "));
    }
    text += tree_label(rows[i], depth, colour);
    text += '\n';
  }
  return text;
}

std::string picked_text(const Rows& rows) {
  const std::vector<std::size_t> depths = control::shown_depths(rows);
  std::vector<std::string> picked;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (depths[i] == 0) picked.push_back(printable(rows[i].path));
  }
  if (picked.empty()) return "nothing";
  if (picked.size() == 1) return picked[0];
  if (picked.size() == 2) return picked[0] + " and " + picked[1];
  return fmt::format("{} and {} others", picked[0], picked.size() - 1);
}

}  // namespace simplevisor::cli
