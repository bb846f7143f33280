// supervisor/cli/terminal_signals.hpp
//
// The signals of one who sits before a terminal, as something to be waited for: Ctrl-C, Ctrl-Z, a new size, the end.
//
// Semantics  from the construction on they are blocked and come out of fd(). Suspended, the process stops as any other does,
//            and its shell hears of it; the owner has put the terminal in order before.
// Threads    made before others are started, which inherit the blocking. One at a time.
#pragma once

#include <cstdint>
#include <optional>

#include "supervisor/runtime/unique_fd.hpp"

namespace simplevisor::cli {

class TerminalSignals {
 public:
  enum class Heard : std::uint8_t { end, suspend, resized, resumed };

  // Throws std::system_error when there are no descriptors left.
  TerminalSignals();
  TerminalSignals(const TerminalSignals&) = delete;
  TerminalSignals& operator=(const TerminalSignals&) = delete;
  ~TerminalSignals();

  [[nodiscard]] int fd() const { return fd_.get(); }
  // The next that has come; nullopt: none.
  [[nodiscard]] std::optional<Heard> next() const;
  // Stops this process until it is continued.
  void suspend() const;

 private:
  runtime::UniqueFd fd_;
};

}  // namespace simplevisor::cli
