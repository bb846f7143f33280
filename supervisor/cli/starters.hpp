// supervisor/cli/starters.hpp
//
// The trees that `simplevisor init` writes: the files of starters/, compiled in.
//
// Threads    constants.
#pragma once

#include <span>
#include <string_view>

namespace simplevisor::cli {

struct Starter {
  std::string_view kind;  // "plain", "consumer", ...
  std::string_view text;
};

// The plain one first.
std::span<const Starter> starters();

}  // namespace simplevisor::cli
