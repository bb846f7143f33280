// All three scripts go the same way: over the words before the cursor, past options with their values, to the command and the
// number of its arguments; then a table, made here, says what may come.
#include "supervisor/documents/completions.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <vector>

#include "supervisor/cli/command_table.hpp"
#include "supervisor/config/key_text.hpp"
#include "supervisor/documents/scripts.hpp"

namespace simplevisor::documents {
namespace {

using cli::ArgumentRow;
using cli::CommandRow;
using cli::Offer;
using cli::OptionRow;

constexpr std::string_view head = "# Made from the table of commands of simplevisor, not by hand.\n";

std::vector<const CommandRow*> visible() {
  std::vector<const CommandRow*> rows;
  for (const CommandRow& command : cli::commands_table()) {
    if (!command.hidden) rows.push_back(&command);
  }
  return rows;
}

// Options of all commands, those of one name once.
std::vector<const OptionRow*> all_options() {
  std::vector<const OptionRow*> rows;
  const auto add = [&](std::span<const OptionRow> options) {
    for (const OptionRow& option : options) {
      if (std::ranges::none_of(rows, [&](const OptionRow* row) { return row->name == option.name; }))
        rows.push_back(&option);
    }
  };
  add(cli::global_options());
  for (const CommandRow* command : visible()) add(command->options);
  return rows;
}

std::string names_of(const OptionRow& option, std::string_view separator) {
  if (option.letter.empty()) return std::string(option.name);
  return fmt::format("{}{}{}", option.letter, separator, option.name);
}

std::string options_with_values() {
  std::string text;
  for (const OptionRow* option : all_options()) {
    if (option->takes_a_word()) text += (text.empty() ? "" : "|") + names_of(*option, "|");
  }
  return text;
}

// The texts of the table within single quotes of a shell.
std::string quoted(std::string_view text) {
  std::string out;
  for (const char c : config::unmarked(text)) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out;
}

bool takes_many(const ArgumentRow& argument) {
  return std::holds_alternative<std::vector<std::string> cli::CommandLine::*>(argument.into);
}

template <class Row>
std::string offer_call(const Row& row) {
  if (!row.choices.empty()) return fmt::format("_simplevisor_words {}", fmt::join(row.choices, " "));
  switch (row.offer) {
    case Offer::file:
      return "_simplevisor_files";
    case Offer::node:
      return "_simplevisor_ask nodes";
    case Offer::key:
      return "_simplevisor_ask keys";
    case Offer::nothing:
      return ":";
  }
  return ":";
}

// case COMMAND:NUMBER OF ARGUMENTS in
std::string argument_cases(std::string_view indent) {
  std::string text;
  for (const CommandRow* command : visible()) {
    for (std::size_t i = 0; i < command->arguments.size(); ++i) {
      const std::string number = takes_many(command->arguments[i]) ? "*" : std::to_string(i);
      text +=
          fmt::format("{}{}:{}) {} ;;\n", indent, command->name, number, offer_call(command->arguments[i]));
    }
  }
  return text;
}

std::string value_cases(std::string_view indent) {
  std::string text;
  for (const OptionRow* option : all_options()) {
    if (option->takes_a_word())
      text += fmt::format("{}{}) {} ;;\n", indent, names_of(*option, "|"), offer_call(*option));
  }
  return text;
}

std::string bash_option_cases() {
  std::string text;
  for (const CommandRow* command : visible()) {
    if (command->options.empty()) continue;
    std::string names;
    for (const OptionRow& option : command->options) names += " " + names_of(option, " ");
    text += fmt::format("        {}) own='{}' ;;\n", command->name, names.substr(1));
  }
  return text;
}

std::string described(std::span<const OptionRow> options) {
  std::string text;
  for (const OptionRow& option : options) {
    // A colon would end the name.
    if (!option.letter.empty()) text += fmt::format(" '{}:{}'", option.letter, quoted(option.help));
    text += fmt::format(" '{}:{}'", option.name, quoted(option.help));
  }
  return text.empty() ? text : text.substr(1);
}

std::string zsh_option_cases() {
  std::string text;
  for (const CommandRow* command : visible()) {
    if (!command->options.empty())
      text += fmt::format("      {}) options+=({}) ;;\n", command->name, described(command->options));
  }
  return text;
}

std::string zsh_commands() {
  std::string text;
  for (const CommandRow* command : visible())
    text += fmt::format("    '{}:{}'\n", command->name, quoted(command->help));
  return text;
}

std::string_view fish_offer(Offer offer) {
  switch (offer) {
    case Offer::node:
      return "(__simplevisor_ask nodes)";
    case Offer::key:
      return "(__simplevisor_ask keys)";
    case Offer::file:
      return "(__fish_complete_path (commandline -ct))";
    case Offer::nothing:
      return "";
  }
  return "";
}

template <class Row>
std::string fish_values(const Row& row) {
  if (!row.choices.empty()) return fmt::format("{}", fmt::join(row.choices, " "));
  return std::string(fish_offer(row.offer));
}

std::string fish_option(const OptionRow& option, std::string_view condition) {
  std::string text = "complete -c simplevisor";
  if (!condition.empty()) text += fmt::format(" -n '{}'", condition);
  if (!option.letter.empty()) text += fmt::format(" -s {}", option.letter.substr(1));
  text += fmt::format(" -l {}", option.name.substr(2));
  if (option.takes_a_word()) {
    text += " -x";
    if (const std::string values = fish_values(option); !values.empty())
      text += fmt::format(" -a '{}'", values);
  }
  return text + fmt::format(" -d '{}'\n", quoted(option.help));
}

std::string fish_rules() {
  std::string text;
  for (const OptionRow& option : cli::global_options()) text += fish_option(option, "");
  for (const CommandRow* command : visible()) {
    text += fmt::format("complete -c simplevisor -n '__simplevisor_at' -a {} -d '{}'\n", command->name,
                        quoted(command->help));
    for (const OptionRow& option : command->options)
      text += fish_option(option, fmt::format("__simplevisor_in {}", command->name));
    for (std::size_t i = 0; i < command->arguments.size(); ++i) {
      const ArgumentRow& argument = command->arguments[i];
      const std::string values = fish_values(argument);
      if (values.empty()) continue;
      const std::string condition = takes_many(argument)
                                        ? fmt::format("__simplevisor_in {}", command->name)
                                        : fmt::format("__simplevisor_at {} {}", command->name, i);
      text += fmt::format("complete -c simplevisor -n '{}' -a '{}'\n", condition, values);
    }
  }
  return text;
}

std::string global_names() {
  std::string text = "--help";
  for (const OptionRow& option : cli::global_options()) text += " " + names_of(option, " ");
  return text;
}

std::string command_names() {
  std::string text;
  for (const CommandRow* command : visible()) text += (text.empty() ? "" : " ") + std::string(command->name);
  return text;
}

std::string replaced(std::string text, std::string_view what, std::string_view by) {
  for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += by.size())
    text.replace(at, what.size(), by);
  return text;
}

}  // namespace

std::string bash_completion() {
  std::string text{bash_script()};
  text = replaced(std::move(text), "@VALUED@", options_with_values());
  text = replaced(std::move(text), "@VALUES@", value_cases("    "));
  text = replaced(std::move(text), "@OWN@", bash_option_cases());
  text = replaced(std::move(text), "@GLOBAL@", global_names());
  text = replaced(std::move(text), "@COMMANDS@", command_names());
  text = replaced(std::move(text), "@ARGUMENTS@", argument_cases("        "));
  return "# bash completion for simplevisor\n" + std::string(head) + text;
}

std::string zsh_completion() {
  std::string text{zsh_script()};
  text = replaced(std::move(text), "@VALUED@", options_with_values());
  text = replaced(std::move(text), "@VALUES@", value_cases("    "));
  text = replaced(std::move(text), "@OWN@", zsh_option_cases());
  text = replaced(std::move(text), "@GLOBAL@", described(cli::global_options()));
  text = replaced(std::move(text), "@COMMANDS@", zsh_commands());
  text = replaced(std::move(text), "@ARGUMENTS@", argument_cases("          "));
  return "#compdef simplevisor\n" + std::string(head) + text;
}  // namespace simplevisor::documents

std::string fish_completion() {
  std::string text{fish_script()};
  text = replaced(std::move(text), "@VALUED@", options_with_values());
  text = replaced(std::move(text), "@RULES@", fish_rules());
  return "# fish completion for simplevisor\n" + std::string(head) + text;
}

}  // namespace simplevisor::documents
