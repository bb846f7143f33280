// workers/service/small_file.hpp
//
// The content of a file that people write: settings, credentials. A FIFO put in its place holds nobody up.
#pragma once

#include <cstddef>
#include <expected>
#include <string>

namespace simplevisor::service {

// Or why not, without the path.
[[nodiscard]] std::expected<std::string, std::string> read_small_file(const std::string& path,
                                                                      std::size_t bytes_max);

}  // namespace simplevisor::service
