// supervisor/documents/completions.hpp
//
// Completions for shells, from the table of commands. Names of nodes and keys of the configuration are asked from the program
// itself, by `simplevisor __complete`, with the --conf or --socket that stands on the line.
//
// Threads    pure functions.
#pragma once

#include <string>

namespace simplevisor::documents {

[[nodiscard]] std::string bash_completion();
[[nodiscard]] std::string zsh_completion();
[[nodiscard]] std::string fish_completion();

}  // namespace simplevisor::documents
