// supervisor/cli/command_table.hpp
//
// The one table of commands, arguments, options and exit codes. The command line is parsed by it, and `--help`, the
// manual pages, the tables of docs/cli.md and the completions of shells are printed from it: a command is added here
// and nowhere else (README.md says how).
//
// Texts      one line, no full stop, `this` for what is typed; `details` are whole sentences.
// Threads    immutable, made on first use.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "supervisor/cli/command_line.hpp"

namespace simplevisor::cli {

struct Context;

// What a shell offers for a value.
enum class Offer : std::uint8_t { nothing, file, node, key };

// The member that a word is put into, which says what it may look like: a flag; a text that is not empty, or several;
// a duration of more than 0; a whole number from `min` to `max`.
using Into =
    std::variant<bool CommandLine::*, std::string CommandLine::*, std::vector<std::string> CommandLine::*,
                 std::optional<std::chrono::milliseconds> CommandLine::*,
                 std::optional<std::uint64_t> CommandLine::*>;

struct OptionRow {
  std::string_view name;      // "--conf"
  std::string_view letter{};  // "-c"
  std::string_view value{};   // "FILE"; "" for a flag
  std::string_view help;
  Into into;
  Offer offer = Offer::nothing;
  std::vector<std::string_view> choices{};  // of a text: nothing else is taken
  std::uint64_t min = 0;                    // of a number
  std::uint64_t max = 1'000'000'000;
  bool list = false;        // of a text with choices: several of them, separated by commas
  std::string_view bare{};  // what it is worth without a value; one that is given follows a "=" then
  // Whether the next word is its value.
  [[nodiscard]] bool takes_a_word() const { return !value.empty() && bare.empty(); }
};
// How its value is written behind its name: "", " FILE", "[=DURATION]".
std::string value_suffix(const OptionRow& option);

struct ArgumentRow {
  std::string_view name;  // "PATH"; one that takes several words is the last
  std::string_view help;
  Into into;
  bool required = false;
  Offer offer = Offer::nothing;
  std::vector<std::string_view> choices{};
  std::uint64_t min = 0;
  std::uint64_t max = 1'000'000'000;
};

struct ExitRow {
  int code;
  std::string_view meaning;
};

struct CommandRow {
  std::string_view name;  // with "_"; "-" is taken for it
  std::string_view help;
  int (*run)(Context&);
  std::vector<ArgumentRow> arguments{};
  std::vector<OptionRow> options{};  // its own, beside the global ones; commands may share a member
  std::string_view details{};        // more about it, for its help and the manual
  std::vector<ExitRow> exits{};      // where they are not those of common_exits()
  std::string_view exits_when{};     // when those hold, if not always: "without PATH"
  // The exit code when standard output cannot be written; not set: failed.
  int (*unwritten)(const CommandLine&) = nullptr;
  bool hidden = false;  // for machines: in no help, no manual, no completion
};

std::span<const CommandRow> commands_table();
std::span<const OptionRow> global_options();
std::span<const ExitRow> common_exits();

// By its name, with "-" or "_"; null when there is none.
const CommandRow* find_command(std::string_view name);
// "check-configuration": the other spelling.
std::string hyphenated(std::string_view name);
// "restart PATH", "explain [KEY]", "logs NODE...": a command and its arguments, as one types them.
std::string usage_of(const CommandRow& command);

}  // namespace simplevisor::cli
