// supervisor/cli/node_text.hpp
//
// Nodes as people read them: the table of `status`, the lines of `check`, and the words in which a command says what it
// waits for. What `tree` draws is in tree_text.hpp.
//
// Requires   rows in tree order, as the control API gives them.
// Threads    pure functions. 10,000 rows take milliseconds.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "supervisor/cli/columns.hpp"
#include "supervisor/runtime/service.hpp"

namespace simplevisor::cli {

using Rows = std::vector<runtime::NodeStatus>;

// How a table is wished for. In tree order nodes are indented below the row above that holds them; sorted by a column they
// have their whole paths.
struct TableForm {
  std::vector<const NodeColumn*> columns{};  // none: the usual ones
  const NodeColumn* sort = nullptr;          // null: tree order
  bool reverse = false;
  bool titled = true;
  bool colour = false;
};
std::string status_text(const Rows& rows, TableForm form);

// One line a node: "root/broker-a/send-a: FAILED, stopped, exited with status 3".
std::string check_text(const Rows& rows, bool colour);

// The rows a pattern picked itself, in words: "root/a", "root/a and root/b", "root/a and 3 others".
std::string picked_text(const Rows& rows);

}  // namespace simplevisor::cli
