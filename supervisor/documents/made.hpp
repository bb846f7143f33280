// supervisor/documents/made.hpp
//
// The regions of documents, by name, from the tables of commands and of keys and from what workers say of themselves.
//
//   in manual pages   commands, options, exits, exits of COMMAND, command COMMAND, keys,
//                     synopsis / commands / options / exits of PROGRAM (a worker's)
//   in Markdown       commands, options, exits, exits of COMMAND
//
// Errors     an unknown name is nothing. A program that cannot be asked is an exception (std::runtime_error), for whoever
//            runs the generator.
// Threads    pure functions, but for the programs that are asked.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "supervisor/documents/help_text.hpp"

namespace simplevisor::documents {

// What `PROGRAM --help` says, or `PROGRAM COMMAND --help`.
using AskHelp = std::function<HelpText(std::string_view program, std::string_view command)>;

[[nodiscard]] std::optional<std::string> made_roff(std::string_view name, const AskHelp& ask);
[[nodiscard]] std::optional<std::string> made_markdown(std::string_view name);

}  // namespace simplevisor::documents
