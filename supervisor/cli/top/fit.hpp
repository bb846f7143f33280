// supervisor/cli/top/fit.hpp
//
// Text in the columns of a terminal: how wide it is, and made exactly as wide as there is room.
//
// Widths     as wcwidth() has them: two columns for a wide character, none for one that is put upon the one before it.
//            What the locale cannot show counts as one column and becomes "?".
// Requires   printable text (text_table.hpp).
// Threads    pure functions, but for the locale.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace simplevisor::cli::live {

[[nodiscard]] std::size_t width_of(std::string_view text);

// Exactly `columns` wide: cut, or filled up with spaces at its end, or at its beginning when it stands `right`.
[[nodiscard]] std::string fit(std::string_view text, std::size_t columns, bool right = false);

// At most `columns` wide, from its end on: of a path that end says most.
[[nodiscard]] std::string end_of(std::string_view text, std::size_t columns);

// "?" for every character that is not ASCII, for terminals that know nothing else.
[[nodiscard]] std::string ascii(std::string_view text);

[[nodiscard]] std::string utf8_of(char32_t character);

}  // namespace simplevisor::cli::live
