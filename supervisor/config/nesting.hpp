// supervisor/config/nesting.hpp
//
// Finds what is nested too deep in a TOML text, before it is parsed.
//
// Why        toml++ bounds brackets in brackets, but not the parts of a dotted key; each is a table in a table,
//            and some ten thousand of them overflow the stack of whoever walks or destroys them.
// Counted    dots of keys and open brackets, from the beginning of a statement. The dot of a number counts as
//            well, which matters to nobody who stays one below the bound.
// Text       need not be TOML: what is malformed is told by the parser.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace simplevisor::config {

constexpr std::size_t nesting_max = 128;

// Counted from 1, the column in bytes.
struct TextPlace {
  std::uint32_t line = 0;
  std::uint32_t column = 0;
};

// Where `text` becomes deeper than `nesting_max`; nothing when it never does.
[[nodiscard]] std::optional<TextPlace> too_deep(std::string_view text);

}  // namespace simplevisor::config
