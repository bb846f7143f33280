// workers/broker/small_file.hpp
//
// The lines that count of a small file: neither empty nor a "#" comment, blanks at both ends removed.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "workers/broker/failure.hpp"

namespace simplevisor::broker {

// `what` names the object in errors: "broker URI", "credential". A file above `bytes_max` is refused unread.
[[nodiscard]] Result<std::vector<std::string>> meaningful_lines(const std::string& path, const char* what,
                                                                std::size_t bytes_max);

}  // namespace simplevisor::broker
