#include "supervisor/cli/top/keys.hpp"

#include <algorithm>
#include <array>

namespace simplevisor::cli::live {
namespace {

constexpr std::array<Binding, 38> table{{
    {key::up, Does::up, "up, down, k, j", "choose a node"},
    {key::down, Does::down},
    {'k', Does::up},
    {'j', Does::down},
    {key::page_up, Does::page_up, "PgUp, PgDn", "a page up or down"},
    {key::page_down, Does::page_down},
    {key::home, Does::first, "Home, End, g, G", "to the first, to the last"},
    {key::end, Does::last},
    {'g', Does::first},
    {'G', Does::last},
    {key::left, Does::fold, "left, right", "fold, unfold"},
    {key::right, Does::unfold},
    {' ', Does::toggle, "Space, Enter", "fold or unfold"},
    {key::enter, Does::toggle},
    {'c', Does::fold_well, "c, e", "fold all that is well; unfold all"},
    {'e', Does::unfold_all},
    {'t', Does::other_mode, "t", "tree or table"},
    {'>', Does::sort_next, "<, >", "sort by another column"},
    {'<', Does::sort_previous},
    {'i', Does::reverse, "i", "invert the order"},
    {'/', Does::filter, "/", "only nodes with this in path, state or why"},
    {'w', Does::why, "w", "why the node is as it is"},
    {'l', Does::logs, "l", "what it printed last"},
    {key::tab, Does::other_focus, "Tab", "scroll the pane below, or the nodes"},
    {key::escape, Does::back, "Esc", "close the pane, end the filter"},
    {'s', Does::start, "s", "start, or release what is held"},
    {'x', Does::stop, "x", "stop"},
    {'r', Does::restart, "r", "restart"},
    {'h', Does::hold, "h", "hold, for a time and with a reason"},
    {'K', Does::signal, "K", "send a signal"},
    {'?', Does::help, "?", "this help"},
    {key::redraw, Does::redraw, "Ctrl-L", "draw the screen anew"},
    {'q', Does::quit, "q", "quit"},
    // What users of less(1) have in their fingers, and what a Shift too many makes of harmless keys.
    {'f', Does::page_down},
    {'b', Does::page_up},
    {'L', Does::logs},
    {'W', Does::why},
    {'Q', Does::quit},
}};

}  // namespace

std::span<const Binding> bindings() {
  return table;
}

std::optional<Does> what_does(Key key) {
  const auto found = std::ranges::find(table, key, &Binding::key);
  if (found == table.end()) return std::nullopt;
  return found->does;
}

std::size_t helped_keys() {
  return static_cast<std::size_t>(
      std::ranges::count_if(table, [](const Binding& binding) { return !binding.help.empty(); }));
}

}  // namespace simplevisor::cli::live
