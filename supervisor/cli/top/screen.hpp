// supervisor/cli/top/screen.hpp
//
// The terminal of `top`: pictures onto it, keys from it. The only file that knows ncurses is the one behind this.
//
// Colours    where the terminal has them and the user does not mind; what they say is always said in words as well.
// Text       UTF-8 where the locale is; elsewhere what is not ASCII is shown as "?".
// Errors     open() says that the terminal is not known.
// Threads    one at a time; one screen in a process. Signals are the owner's: ncurses hears none while they are blocked.
#pragma once

#include <expected>
#include <memory>
#include <string>
#include <vector>

#include "supervisor/cli/top/keys.hpp"
#include "supervisor/cli/top/picture.hpp"

namespace simplevisor::cli::live {

class Screen {
 public:
  static std::expected<Screen, std::string> open(bool colour);
  Screen(Screen&&) noexcept;
  Screen& operator=(Screen&&) = delete;
  ~Screen();  // the terminal is as before

  [[nodiscard]] Size size() const;
  // Only what has changed is sent; all of it with `anew`.
  void draw(const Picture& picture, bool anew = false);
  // Those that have come.
  std::vector<Key> keys();

  void leave();  // the terminal is as before, until it is entered again
  void enter();
  void resize();  // the terminal has another size

 private:
  struct Curses;
  explicit Screen(std::unique_ptr<Curses> curses);
  std::unique_ptr<Curses> curses_;
};

}  // namespace simplevisor::cli::live
