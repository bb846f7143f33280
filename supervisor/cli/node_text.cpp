#include "supervisor/cli/node_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "supervisor/cli/text_table.hpp"
#include "supervisor/control/node_order.hpp"

namespace simplevisor::cli {
namespace {

using runtime::NodeStatus;
using runtime::Verdict;

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

}  // namespace

std::string status_text(const Rows& rows, TableForm form) {
  if (form.columns.empty()) form.columns = *parse_columns("");
  const bool in_tree_order = !form.reverse && (form.sort == nullptr || form.sort->before == nullptr);
  Rows sorted;
  if (!in_tree_order) {
    sorted = rows;
    sort_rows(sorted, form.sort == nullptr ? node_columns().front() : *form.sort, form.reverse);
  }
  const Rows& shown = in_tree_order ? rows : sorted;
  const auto depths =
      in_tree_order ? control::shown_depths(shown) : std::vector<std::size_t>(shown.size(), 0);

  std::vector<Column> columns;
  for (const NodeColumn* chosen : form.columns) columns.push_back(chosen->column);
  std::vector<std::vector<Cell>> cells;
  cells.reserve(shown.size());
  for (std::size_t i = 0; i < shown.size(); ++i) {
    auto& line = cells.emplace_back();
    line.reserve(columns.size());
    for (const NodeColumn* chosen : form.columns) {
      if (chosen == &node_columns().front())
        line.push_back({std::string(2 * depths[i], ' ') + node_label(shown[i], depths[i] == 0)});
      else
        line.push_back(chosen->cell(shown[i]));
    }
  }
  return text_table(columns, cells, form.colour, form.titled);
}

std::string check_text(const Rows& rows, bool colour) {
  std::string text;
  for (const NodeStatus& row : rows) text += verdict_line(row, colour);
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
