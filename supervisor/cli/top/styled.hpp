// supervisor/cli/top/styled.hpp
//
// Text with the styles it is drawn in. Whether the terminal has them is the terminal's affair.
#pragma once

#include <string>
#include <vector>

#include "supervisor/cli/text_table.hpp"

namespace simplevisor::cli::live {

struct Style {
  Colour colour = Colour::none;
  bool bold = false;
  bool reverse = false;
  bool operator==(const Style&) const = default;
};

struct Span {
  std::string text;
  Style style{};
};
using PictureLine = std::vector<Span>;

}  // namespace simplevisor::cli::live
