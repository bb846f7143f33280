// supervisor/cli/top/run.hpp
//
// `top` from the first picture to the last: signals, keys and news in, pictures and deeds out.
//
// Ends       on q, Ctrl-C, SIGTERM, when the terminal is gone. The terminal is as before then, and while it is suspended.
// Errors     that the terminal is not known.
// Threads    one at a time; starts two of its own, gone when it returns.
#pragma once

#include <expected>
#include <string>

#include "supervisor/cli/asker.hpp"

namespace simplevisor::cli::live {

struct Options {
  std::string pattern{};             // the nodes to show; all for ""
  const NodeColumn* sort = nullptr;  // begins with a table in this order, instead of the tree
  bool colour = false;
};

std::expected<void, std::string> run(const std::string& socket_path, const Options& options);

}  // namespace simplevisor::cli::live
