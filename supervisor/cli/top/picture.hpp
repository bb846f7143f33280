// supervisor/cli/top/picture.hpp
//
// The screen of `top` as text and styles, of any size: what is drawn, apart from how.
//
// Layout     a line of what the supervisor is, a line of titles, nodes, a pane with a title of its own where one is open,
//            and a last line that asks, tells, or reminds of the keys. What does not fit is left out, columns from the least
//            important on.
// Bounds     time O(lines of the screen), but for the width of names, O(nodes).
// Threads    pure functions, but for the locale.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "supervisor/cli/top/model.hpp"
#include "supervisor/cli/top/styled.hpp"

namespace simplevisor::cli::live {

struct Size {
  std::size_t lines = 24;
  std::size_t columns = 80;
  bool operator==(const Size&) const = default;
};

struct Picture {
  std::vector<PictureLine> lines;              // as many as the screen has, each exactly as wide
  std::optional<std::size_t> cursor_column{};  // in the last line, where something is being typed
};

// How the lines of a screen are shared out.
struct Layout {
  std::size_t nodes = 0;
  std::size_t pane = 0;  // without its title; 0: there is no room, or no pane
};
Layout layout(Size size, bool has_pane);

// Requires that the model has been told of the layout (resize()).
Picture draw(const Model& model, Size size);

}  // namespace simplevisor::cli::live
