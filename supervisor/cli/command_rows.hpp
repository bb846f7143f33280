// supervisor/cli/command_rows.hpp
//
// The rows of the table of commands (command_table.hpp), in groups that are a file each. Together, in this order, they are
// what the help lists.
//
// Threads    pure functions.
#pragma once

#include <string_view>
#include <vector>

#include "supervisor/cli/command_table.hpp"

namespace simplevisor::cli {

std::vector<CommandRow> acting_commands();         // on the supervisor and its nodes
std::vector<CommandRow> looking_commands();        // at what it does and has done
std::vector<CommandRow> configuration_commands();  // what needs no running supervisor

// The node that a command is about.
ArgumentRow path_argument(std::string_view help, bool required = false);

}  // namespace simplevisor::cli
