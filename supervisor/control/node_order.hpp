// supervisor/control/node_order.hpp
//
// Where the rows of a status answer stand to each other. A pattern may pick rows from anywhere in the tree,
// so the depth at which a row is shown is counted from the rows shown above it, not from the root.
//
// Requires   tree order: a node is followed by what is below it.
// Threads    pure functions. Time O(rows + depth).
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "supervisor/runtime/service.hpp"

namespace simplevisor::control {

// True for "root/a/b" below "root/a" and "root"; a path is not below itself.
inline bool is_below(std::string_view path, std::string_view ancestor) {
  return path.size() > ancestor.size() && path.starts_with(ancestor) && path[ancestor.size()] == '/';
}

// For each row, the number of rows it is below of; 0 for those a pattern picked itself.
inline std::vector<std::size_t> shown_depths(const std::vector<runtime::NodeStatus>& rows) {
  std::vector<std::size_t> depths;
  depths.reserve(rows.size());
  std::vector<std::string_view> above;
  for (const runtime::NodeStatus& row : rows) {
    while (!above.empty() && !is_below(row.path, above.back())) above.pop_back();
    depths.push_back(above.size());
    above.push_back(row.path);
  }
  return depths;
}

}  // namespace simplevisor::control
