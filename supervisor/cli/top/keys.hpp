// supervisor/cli/top/keys.hpp
//
// What keys do, in one table: the model obeys it and the help shows it.
//
// Keys       characters are their code points; those that are none have numbers above them.
// Threads    immutable.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace simplevisor::cli::live {

using Key = char32_t;
namespace key {
inline constexpr Key escape = 0x1B;
inline constexpr Key enter = 0x0A;
inline constexpr Key tab = 0x09;
inline constexpr Key redraw = 0x0C;  // Ctrl-L
inline constexpr Key up = 0x110001;
inline constexpr Key down = 0x110002;
inline constexpr Key left = 0x110003;
inline constexpr Key right = 0x110004;
inline constexpr Key page_up = 0x110005;
inline constexpr Key page_down = 0x110006;
inline constexpr Key home = 0x110007;
inline constexpr Key end = 0x110008;
inline constexpr Key backspace = 0x110009;
}  // namespace key

enum class Does : std::uint8_t {
  up,
  down,
  page_up,
  page_down,
  first,
  last,
  fold,
  unfold,
  toggle,
  fold_well,
  unfold_all,
  other_mode,
  sort_next,
  sort_previous,
  reverse,
  filter,
  why,
  logs,
  other_focus,
  back,
  start,
  stop,
  restart,
  hold,
  signal,
  help,
  redraw,
  quit,
};

struct Binding {
  Key key;
  Does does;
  std::string_view name{};  // as the help shows it, with the other keys that do the like; "" for those others
  std::string_view help{};
};

std::span<const Binding> bindings();
std::optional<Does> what_does(Key key);
// How many of the bindings the help shows.
std::size_t helped_keys();

}  // namespace simplevisor::cli::live
