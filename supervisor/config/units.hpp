// supervisor/config/units.hpp
//
// Durations and sizes as people write them.
//
// Durations  numbers with units from long to short, each at most once: d, h, m or min, s, ms. "250ms" "20s"
//            "1h30m". Whole numbers only. "0" needs no unit, nothing else goes without.
// Sizes      one whole number and B, kB MB GB TB (1000s) or KiB MiB GiB TiB (1024s). "0" needs no unit.
// Errors     a message that says what is wrong with the text; overflow is one.
#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

namespace simplevisor::config {

[[nodiscard]] std::expected<std::chrono::milliseconds, std::string> parse_duration(std::string_view text);
[[nodiscard]] std::expected<std::uint64_t, std::string> parse_size(std::string_view text);

// The shortest text that is read back as the same value: "1h30m", "0".
[[nodiscard]] std::string duration_text(std::chrono::milliseconds value);
[[nodiscard]] std::string size_text(std::uint64_t bytes);

// What the parsers accept as regular expressions (ECMA-262), for the JSON Schema.
inline constexpr std::string_view duration_pattern =
    "^(0|(?=[0-9])([0-9]+d)?([0-9]+h)?([0-9]+m(in)?)?([0-9]+s)?([0-9]+ms)?)$";
inline constexpr std::string_view size_pattern = "^(0|[0-9]+([kMGT]?B|[KMGT]iB))$";

}  // namespace simplevisor::config
