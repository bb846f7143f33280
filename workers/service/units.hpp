// workers/service/units.hpp
//
// Durations and sizes as people write them.
//
// Durations  "250ms", "5s", "2min" (or "2m"), "1h", "1d", or a plain number of seconds; fractions are allowed.
// Sizes      "64KiB", "128MiB", "1GiB", "1kB", "1MB", "1GB", or a plain number of bytes.
// Errors     nothing: it is none, or beyond any use.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string_view>

namespace simplevisor::service {

[[nodiscard]] std::optional<std::chrono::milliseconds> parse_duration(std::string_view text);
[[nodiscard]] std::optional<std::size_t> parse_size(std::string_view text);

}  // namespace simplevisor::service
