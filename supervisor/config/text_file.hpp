// supervisor/config/text_file.hpp
//
// Reads one whole file, with a bound.
//
// Errors     a message that fits behind the file's name: "cannot be read: No such file or directory".
// Only regular files: a FIFO or a device would make a start hang, or never end.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <expected>
#include <string>
#include <utility>

namespace simplevisor::config {

// Which file it was, whatever name led to it.
using FileIdentity = std::pair<dev_t, ino_t>;

[[nodiscard]] std::expected<std::string, std::string> read_text_file(const std::string& path,
                                                                     std::size_t bytes_max,
                                                                     FileIdentity* identity = nullptr);

}  // namespace simplevisor::config
