// tests/top/tmux.hpp
//
// A real terminal under test: tmux on a socket of its own, with one window in which a plain shell runs.
//
// Ends       with everything in it, when the test does: whatever could still write into the directory is gone then.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

namespace simplevisor::testing {

class Tmux {
 public:
  // `directory`: where its socket is, and where the shell begins.
  Tmux(std::string directory, int columns, int lines);
  Tmux(const Tmux&) = delete;
  Tmux& operator=(const Tmux&) = delete;
  ~Tmux();

  void type(const std::string& text) const;  // character by character
  void press(const std::string& key) const;  // "Enter", "Escape", "C-c", "Up"
  void resize(int columns, int lines) const;
  [[nodiscard]] std::string screen() const;
  // Waits until the screen shows it ("\n" before it: at the beginning of a line); says what it shows instead when it does not.
  [[nodiscard]] bool shows(const std::string& text) const;
  [[nodiscard]] bool shows_no_more(const std::string& text) const;
  void end() const;
  // The one process that the shell has started; 0: none.
  [[nodiscard]] pid_t child() const;

 private:
  std::string tmux(std::vector<std::string> arguments) const;
  std::string directory_;
  pid_t server_ = 0;
  pid_t shell_ = 0;
};

}  // namespace simplevisor::testing
