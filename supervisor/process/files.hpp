// supervisor/process/files.hpp
//
// Small files of /proc and /sys, read and written whole.
//
// Errors     errno.
// Threads    any.
#pragma once

#include <cstddef>
#include <expected>
#include <string>
#include <string_view>

#include "supervisor/process/syscalls.hpp"

namespace simplevisor::process {

// At most `bytes_max` of it; what is beyond is left out.
[[nodiscard]] std::expected<std::string, int> read_file(const Syscalls& syscalls, const std::string& path,
                                                        std::size_t bytes_max);

// One write to an existing file.
[[nodiscard]] std::expected<void, int> write_file(const Syscalls& syscalls, const std::string& path,
                                                  std::string_view text);

}  // namespace simplevisor::process
