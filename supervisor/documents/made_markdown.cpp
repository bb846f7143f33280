#include <fmt/format.h>

#include "supervisor/cli/command_table.hpp"
#include "supervisor/documents/made.hpp"

namespace simplevisor::documents {
namespace {

using cli::CommandRow;

// A bar would end the cell.
std::string cell(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '|') out += '\\';
    out += c;
  }
  return out;
}

std::string commands_markdown() {
  std::string text = "| command | what it does |\n| --- | --- |\n";
  for (const CommandRow& command : cli::commands_table()) {
    if (command.hidden) continue;
    text +=
        fmt::format("| `{}` | {}. {} |\n", cli::usage_of(command), cell(command.help), cell(command.details));
    for (const cli::OptionRow& option : command.options) {
      const std::string value = cli::value_suffix(option);
      const std::string letter = option.letter.empty() ? "" : fmt::format(" (`{}`)", option.letter);
      text +=
          fmt::format("| `{} {}{}`{} | {} |\n", command.name, option.name, value, letter, cell(option.help));
    }
  }
  return text;
}

std::string options_markdown() {
  std::string text = "| option | meaning |\n| --- | --- |\n";
  for (const cli::OptionRow& option : cli::global_options()) {
    const std::string value = cli::value_suffix(option);
    text += fmt::format("| `{}{}` | {} |\n", option.name, value, cell(option.help));
  }
  return text;
}

std::string exits_markdown(std::span<const cli::ExitRow> exits) {
  std::string text = "| code | meaning |\n| --- | --- |\n";
  for (const cli::ExitRow& row : exits) text += fmt::format("| {} | {} |\n", row.code, cell(row.meaning));
  return text;
}

}  // namespace

std::optional<std::string> made_markdown(std::string_view name) {
  if (name == "commands") return commands_markdown();
  if (name == "options") return options_markdown();
  if (name == "exits") return exits_markdown(cli::common_exits());
  constexpr std::string_view of = "exits of ";
  if (name.starts_with(of)) {
    if (const CommandRow* row = cli::find_command(name.substr(of.size()))) return exits_markdown(row->exits);
  }
  return std::nullopt;
}

}  // namespace simplevisor::documents
