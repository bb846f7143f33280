// supervisor/cli/columns.hpp
//
// What can be shown of a node in a column, and in which order such a column puts nodes: of `status` and of `top`.
//
// Order      what one looks for comes first: the least well, the youngest, the most restarts, the least budget left; texts
//            by the alphabet. Equal ones stay in tree order.
// Safety     cells are printable, whatever a worker says of itself.
// Threads    pure functions.
#pragma once

#include <expected>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "supervisor/cli/text_table.hpp"
#include "supervisor/runtime/service.hpp"

namespace simplevisor::cli {

struct NodeColumn {
  std::string_view name;  // as it is asked for: "restarts"
  Column column;
  Cell (*cell)(const runtime::NodeStatus& row);
  // Whether `a` comes before `b`; null: tree order.
  bool (*before)(const runtime::NodeStatus& a, const runtime::NodeStatus& b);
};

// All there are. The first is the node itself, which stands indented below the nodes that hold it where rows are shown in
// tree order.
std::span<const NodeColumn> node_columns();
const NodeColumn* find_column(std::string_view name);

// "path,state,pid": columns in this order; "wide" stands for most of them, "" for the usual ones. The error names the word
// that is no column.
std::expected<std::vector<const NodeColumn*>, std::string> parse_columns(std::string_view words);
// What may be asked for: every column's name, and "wide".
std::vector<std::string_view> column_words();

// Puts rows into a column's order, or into the opposite one.
void sort_rows(std::vector<runtime::NodeStatus>& rows, const NodeColumn& column, bool reverse);

// "3 of 5 left in 1min", of supervisors and pools; "" for workers, which have none, and where none is known.
std::string budget_text(const runtime::NodeStatus& row);
// Alone a node needs its whole path; below another one its name says it.
std::string node_label(const runtime::NodeStatus& row, bool alone);
Colour colour_of(runtime::Verdict verdict);

}  // namespace simplevisor::cli
