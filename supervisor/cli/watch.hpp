// supervisor/cli/watch.hpp
//
// Shows something, and shows it anew when it has changed: what stands behind `--watch`.
//
// Screen     on a terminal: its second screen, as much as fits; the first is as before when it ends, also after Ctrl-Z. It is
//            drawn anew when the text has changed or the terminal has another size. Elsewhere the text is printed again when its
//            `essence` has changed; failures go to `err` there.
// Looks      when something happens in the tree, and every `every`; never more often than every `between_looks`.
// Ends       on q, Ctrl-C, SIGTERM, when the terminal is gone, when the output cannot be written.
// Threads    one at a time; starts one of its own, which is gone when it returns.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <string_view>

#include "supervisor/cli/terminal.hpp"

namespace simplevisor::cli {

inline constexpr std::chrono::milliseconds between_looks{100};

struct Look {
  std::string text;     // lines
  std::string essence;  // of the text: without what changes only because time goes by
  bool failed = false;  // `text` says what went wrong, to people
  int exit = 0;         // the command's, if this is the last look
};

struct WatchForm {
  std::chrono::milliseconds every;
  std::string_view between;  // what stands between two texts where there is no screen
};
// Returns the exit code of the last look.
int watch(Terminal& terminal, const std::string& socket_path, const WatchForm& form,
          const std::function<Look()>& look);

struct ScreenSize {
  std::size_t lines = 24;
  std::size_t columns = 80;
};
// As much of the text as a screen shows, without its last end of line; colours do not count. What is left out is counted
// in the last line.
std::string fitted(std::string_view text, ScreenSize size);

}  // namespace simplevisor::cli
