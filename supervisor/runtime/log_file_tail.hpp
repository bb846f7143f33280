// supervisor/runtime/log_file_tail.hpp
//
// The last lines of a log file and, when it was rotated a moment ago, of the one before it.
//
// Errors     none: what cannot be read counts as empty. Threads: any. Cost: `bytes_max`, whatever the size.
#pragma once

#include <cstddef>
#include <string>

namespace simplevisor::runtime {

// At most `lines` lines and `bytes_max` bytes from the end of `path` and PATH.1, as they stand, whatever
// bytes they are. A line that began before those bytes is left out, unless it is the only one.
std::string last_lines(const std::string& path, std::size_t lines, std::size_t bytes_max);

}  // namespace simplevisor::runtime
