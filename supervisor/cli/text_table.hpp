// supervisor/cli/text_table.hpp
//
// Rows of text in columns, and the small pieces that go into them.
//
// Widths     characters are counted as code points, one column each. A column is as wide as its widest cell and
//            at least its minimum, so that a repeated listing does not wobble; the last one is not padded.
// Safety     printable() takes what could move the cursor or colour a terminal out of text that came from
//            workers.
// Threads    pure functions.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace simplevisor::cli {

enum class Colour : std::uint8_t { none, red, yellow };

struct Cell {
  std::string text;
  Colour colour = Colour::none;
};

struct Column {
  std::string_view title;
  std::size_t width_min = 0;
  bool right = false;  // aligned right, as numbers are
};

// Lines, each ended by a newline; the titles first, if they are wanted.
std::string text_table(const std::vector<Column>& columns, const std::vector<std::vector<Cell>>& rows,
                       bool colour, bool titled = true);

// "850ms" "4.2s" "42s" "12m05s" "3h07m" "12d03h"; "-" when negative.
std::string age_text(std::chrono::milliseconds age);

// Control characters, also those that turn the direction of writing, become "?", what is not UTF-8 becomes U+FFFD.
std::string printable(std::string_view text);

std::string coloured(std::string_view text, Colour colour, bool enabled);

}  // namespace simplevisor::cli
