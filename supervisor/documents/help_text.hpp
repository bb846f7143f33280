// supervisor/documents/help_text.hpp
//
// What a worker's `--help` says, understood. Workers and supervisor share no code: their manual pages are made from what the
// programs print, so that they tell what is installed.
//
// Errors     one line, for text that has not the form of such a help.
// Threads    pure functions.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace simplevisor::documents {

struct HelpItem {
  std::vector<std::string> names;  // "-q", "--quiet"; of an argument "QUEUE"
  std::string value;               // "VALUE"; "" for a flag
  std::string initial;             // the default; "" when it is not said
  std::string text;
};

struct HelpText {
  std::string purpose;
  std::string usage;
  std::vector<HelpItem> arguments;
  std::vector<HelpItem> options;
  std::vector<HelpItem> commands;
  std::string footer;  // its lines joined
};

[[nodiscard]] std::expected<HelpText, std::string> parse_help(std::string_view text);

// "Exit status: 0 done, 64 command line." as pairs; those that the text after ":" begins with a number.
struct ExitMeaning {
  std::string code;
  std::string meaning;
};
[[nodiscard]] std::vector<ExitMeaning> exits_in(std::string_view footer);

}  // namespace simplevisor::documents
