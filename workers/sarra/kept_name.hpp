// workers/sarra/kept_name.hpp
//
// A name that is chosen once, by whichever process comes first, and kept in a file for the others and for the next start.
//
// Crash      the file is there whole, or not at all.
// Errors     service::Error: cannot_create or temporary by errno; data, if the file holds no name.
// Threads    free functions; processes any.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "workers/service/error.hpp"

namespace simplevisor::sarra {

inline constexpr std::size_t name_bytes_max = 255;

// The name that `path` holds, and holds from now on if it held none: one of several processes that come at once has its
// way.
[[nodiscard]] service::Result<std::string> kept_name(const std::string& path, const std::string& chosen);

// Nothing: no such file, or no name in it.
[[nodiscard]] std::optional<std::string> name_in(const std::string& path);

}  // namespace simplevisor::sarra
