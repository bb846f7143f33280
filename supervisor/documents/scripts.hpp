// supervisor/documents/scripts.hpp
//
// The scripts of shells/, compiled in: completions as they are, but for what the table of commands fills in at @NAME@.
#pragma once

#include <string_view>

namespace simplevisor::documents {

std::string_view bash_script();
std::string_view zsh_script();
std::string_view fish_script();

}  // namespace simplevisor::documents
