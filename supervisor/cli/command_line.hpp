// supervisor/cli/command_line.hpp
//
// The words after `simplevisor`, understood. Which words there are is in command_table.hpp; this is what they are
// turned into.
//
// Grammar    simplevisor [globals] COMMAND [globals] [ARGUMENTS] [globals]; every command may be written with "-" for
//            "_"; after "--" nothing is an option.
// Errors     a Halt: what to print and with which code to leave, for mistakes (one line, with the nearest
//            valid word) and for --help alike.
// Threads    a pure function of its arguments.
#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <vector>

#include "supervisor/cli/exit_codes.hpp"

namespace simplevisor::cli {

struct CommandRow;

struct CommandLine {
  const CommandRow* command = nullptr;  // of commands_table(); set in whatever parse_command_line() returns
  std::string path;                     // a node's path, unique name or glob; "" for none
  std::string conf;                     // --conf; "" for the usual places
  std::string socket;                   // --socket; "" for the one in the configuration's state directory
  std::optional<std::chrono::milliseconds> timeout;
  bool json = false;
  bool no_wait = false;
  bool version = false;
  bool daemon = false;                             // of start
  bool follow = false;                             // of events and logs
  std::vector<std::string> nodes;                  // of logs; patterns
  std::optional<std::uint64_t> lines;              // of events and logs
  std::string since;                               // of logs; a time or a duration, "" for none
  std::string grep;                                // of logs; "" for all lines
  std::string reason;                              // of hold; "" for none
  std::optional<std::chrono::milliseconds> limit;  // of hold; none: until it is released
  std::string signal;                              // of signal
  std::string columns;                             // of status; "" for the usual ones
  std::string sort;                                // of status; a column, "" for tree order
  bool reverse = false;                            // of status
  bool no_header = false;                          // of status
  std::optional<std::chrono::milliseconds> watch;  // of status; at least so often it is looked again
  bool collapse_ok = false;                        // of tree
  bool nagios = false;                             // of check
  std::string warning;                             // of check --nagios; a range, "" for the usual rule
  std::string critical;                            // likewise
  std::string fault;                               // of what_if: dies, hangs, fails-to-start
  std::optional<std::uint64_t> times;              // of what_if
  std::string times_word;                          // of what_if: says nothing
  std::optional<std::chrono::milliseconds> every;  // of what_if
  bool verbose = false;                            // of check_configuration
  std::string key;                                 // of explain; "" for all
  std::string file;         // of init; "" for ./simplevisor.toml, "-" for standard output
  std::string textfile;     // of metrics; "" for standard output
  std::string kind;         // of init; "" for the plain one
  std::string on_failure;   // of hooks; a program, "" for none
  std::string on_recovery;  // likewise
  bool each_end = false;    // of hooks
  std::optional<std::chrono::milliseconds> settle;    // of hooks
  std::optional<std::chrono::milliseconds> interval;  // of hooks
  std::optional<std::chrono::milliseconds> run_time;  // of hooks
  std::optional<std::uint64_t> at_most;               // of hooks
  std::string what;                                   // of __complete
  std::string begun;                                  // of __complete; the beginning of the word
};

struct Halt {
  Exit exit = Exit::usage;
  bool json = false;    // whether --json was among the words
  bool nagios = false;  // whether --nagios was: a monitoring system reads what is wrong
  std::string message;  // help, or what is wrong
};

// `words` without the program's own name.
std::expected<CommandLine, Halt> parse_command_line(std::vector<std::string> words);

}  // namespace simplevisor::cli
