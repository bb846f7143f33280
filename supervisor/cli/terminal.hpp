// supervisor/cli/terminal.hpp
//
// Where a command writes: results to `out`, everything else (what it waits for, what went wrong) to `err`.
// With --json a result or an error is one JSON object on `out`.
//
// Threads    one at a time.
#pragma once

#include <optional>
#include <ostream>
#include <string>

#include "supervisor/cli/exit_codes.hpp"

namespace simplevisor::cli {

struct Terminal {
  std::ostream& out;
  std::ostream& err;
  bool colour = false;     // `out` is a terminal and nobody minds
  bool is_screen = false;  // `out` is a terminal on which the cursor can be moved
};

struct Failure {
  Exit exit = Exit::failed;
  std::string code;     // one word, for programs
  std::string message;  // for people; one line, but for the complaints about a configuration
  // Set when there was no answer at all; `check` and `status` have codes of their own for that.
  std::optional<control::ClientError> unreached = std::nullopt;
};

// What is printed of a failure, with its end of line.
std::string failure_text(const Failure& failure, bool json);
// Prints the failure; returns its exit code.
int report(const Failure& failure, Terminal& terminal, bool json);

Failure failure_of(const control::ClientError& error);
// Of an answer that is not a success.
Failure failure_of(const control::Response& response);

// A failure whose reason is on this side: an answer that cannot be read.
Failure unreadable(const std::string& reason);

}  // namespace simplevisor::cli
