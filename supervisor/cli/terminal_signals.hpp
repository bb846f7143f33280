// supervisor/cli/terminal_signals.hpp
//
// The signals of one who sits before a terminal, as something to be waited for: Ctrl-C, Ctrl-Z, a new size, the end.
//
// Semantics  from the construction on they are blocked and come out of fd(). Suspended, the process stops as any other does,
//            and its shell hears of it; the owner has put the terminal in order before.
// Threads    made before others are started, which inherit the blocking. One at a time.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "supervisor/runtime/unique_fd.hpp"

namespace simplevisor::cli {

class TerminalSignals {
 public:
  // What the owner does with what it shows.
  struct Picture {
    std::function<void()> leave{};  // puts the terminal in its own order
    std::function<void()> enter_again{};
    std::function<void()> resized{};
  };

  // Throws std::system_error when there are no descriptors left.
  TerminalSignals();
  TerminalSignals(const TerminalSignals&) = delete;
  TerminalSignals& operator=(const TerminalSignals&) = delete;
  ~TerminalSignals();

  [[nodiscard]] int fd() const { return fd_.get(); }
  // Does what all that have come ask for; false: to end.
  [[nodiscard]] bool obey(const Picture& picture) const;

 private:
  enum class Heard : std::uint8_t { end, suspend, resized, resumed };

  [[nodiscard]] std::optional<Heard> next() const;
  // Stops this process until it is continued.
  static void suspend();

  runtime::UniqueFd fd_;
};

}  // namespace simplevisor::cli
