#include <fmt/format.h>

#include "supervisor/cli/command_table.hpp"
#include "supervisor/config/key_text.hpp"
#include "supervisor/documents/made.hpp"
#include "supervisor/documents/roff.hpp"

namespace simplevisor::documents {
namespace {

using cli::CommandRow;
using cli::ExitRow;
using cli::OptionRow;

// An upper-case word of a usage line stands for something; the rest is typed.
std::string arguments_roff(const CommandRow& command) {
  std::string text;
  for (const cli::ArgumentRow& argument : command.arguments) {
    std::string word = italic(argument.name);
    if (std::holds_alternative<std::vector<std::string> cli::CommandLine::*>(argument.into))
      word += roff("...");
    text += argument.required ? " " + word : fmt::format(" [{}]", word);
  }
  return text;
}

std::string option_tag(const OptionRow& option) {
  std::string tag = option.letter.empty() ? std::string{} : bold(option.letter) + ", ";
  tag += bold(option.name);
  if (!option.value.empty())
    tag += option.bare.empty() ? " " + italic(option.value) : fmt::format("[={}]", italic(option.value));
  return tag;
}

std::string options_roff(std::span<const OptionRow> options) {
  std::string text;
  for (const OptionRow& option : options) text += tagged(option_tag(option), roff_marked(option.help) + ".");
  return text;
}

std::string exits_roff(std::span<const ExitRow> exits) {
  std::string text;
  for (const ExitRow& row : exits) text += tagged(bold(std::to_string(row.code)), roff_marked(row.meaning));
  return text;
}

// What belongs to one command alone, below its name.
std::string command_body(const CommandRow& command) {
  std::string text;
  for (const cli::ArgumentRow& argument : command.arguments)
    text += tagged(italic(argument.name), roff_marked(argument.help) + ".");
  return text + options_roff(command.options);
}

std::string command_roff(const CommandRow& command) {
  std::string text = tagged(bold(command.name) + arguments_roff(command), roff_marked(command.help) + ".");
  if (!command.details.empty()) text += roff_marked(command.details) + "\n";
  const std::string body = command_body(command);
  if (!body.empty()) text += ".RS\n" + body + ".RE\n";
  return text;
}

std::string commands_roff() {
  std::string text;
  for (const CommandRow& command : cli::commands_table()) {
    if (!command.hidden) text += command_roff(command);
  }
  return text;
}

std::string section_roff(const config::Section& section) {
  std::string text = fmt::format(".SS {}\n{}\n", roff(section.heading), roff_marked(section.meaning));
  for (const config::Key& key : section.keys) {
    text += tagged(bold(key.name), roff_marked(key.meaning) + ".");
    text += ".br\n" + roff_marked("Value: " + config::value_text(key)) + ".";
    if (!key.fallback.empty()) text += " Default: " + bold(key.fallback) + ".";
    if (!key.example.empty()) text += " Example: " + bold(fmt::format("{} = {}", key.name, key.example));
    text += "\n";
  }
  return text;
}

// Of pools and kinds, what they do not share with what has been told.
std::string difference_roff(const config::Section& section) {
  std::string text = fmt::format(".SS {}\n{}\nKeys: those of {}, and ", roff(section.heading),
                                 roff_marked(section.meaning), bold(config::worker_section().heading));
  std::string others;
  for (const config::Key& key : section.keys) {
    if (config::worker_section().find(key.name) == nullptr)
      others += (others.empty() ? "" : ", ") + bold(key.name);
  }
  return text + others + ".\n";
}

std::string keys_roff() {
  std::string text;
  for (const config::Section* section :
       {&config::settings_section(), &config::supervisor_section(), &config::worker_section()}) {
    text += section_roff(*section);
    for (const config::Key& key : section->keys) {
      if (key.section != nullptr) text += section_roff(*key.section);
    }
  }
  text += difference_roff(config::pool_section());
  const config::Key& size = *config::pool_section().find("size");
  text += fmt::format("{} is {}: {}, {} by default.\nThe others are told under {}.\n", bold(size.name),
                      roff_marked(size.meaning), roff_marked(config::value_text(size)), bold(size.fallback),
                      bold(config::supervisor_section().heading));
  return text + difference_roff(config::kind_section());
}

std::string items_roff(const std::vector<HelpItem>& items) {
  std::string text;
  for (const HelpItem& item : items) {
    std::string tag;
    for (const std::string& name : item.names) {
      const bool placeholder = !name.starts_with('-');
      tag += (tag.empty() ? "" : ", ") + (placeholder ? italic(name) : bold(name));
    }
    const bool option = item.names.front().starts_with('-');
    if (option && !item.value.empty()) tag += " " + italic(item.value);
    std::string meaning = roff_marked(item.text) + ".";
    if (!item.initial.empty()) meaning += " Default: " + bold(item.initial) + ".";
    text += tagged(tag, meaning);
  }
  return text;
}

std::string synopsis_roff(const HelpText& help) {
  const std::size_t space = help.usage.find(' ');
  const std::string program = help.usage.substr(0, space);
  const std::string rest = space == std::string::npos ? "" : help.usage.substr(space);
  return bold(program) + roff(rest) + "\n";
}

std::string commands_of(std::string_view program, const AskHelp& ask) {
  std::string text;
  for (const HelpItem& command : ask(program, "").commands) {
    const std::string& name = command.names.front();
    const HelpText help = ask(program, name);
    text += ".SS " + synopsis_roff(help);
    text += roff_marked(help.purpose) + ".\n" + items_roff(help.arguments) + items_roff(help.options);
  }
  return text;
}

std::string exits_of_program(const HelpText& help) {
  std::string text;
  for (const ExitMeaning& exit : exits_in(help.footer)) text += tagged(bold(exit.code), roff(exit.meaning));
  return text;
}

std::optional<std::string_view> behind(std::string_view name, std::string_view what) {
  if (!name.starts_with(what)) return std::nullopt;
  return name.substr(what.size());
}

std::optional<std::string> made_of_program(std::string_view name, const AskHelp& ask) {
  if (const auto program = behind(name, "synopsis of ")) return synopsis_roff(ask(*program, ""));
  if (const auto program = behind(name, "commands of ")) return commands_of(*program, ask);
  if (const auto program = behind(name, "options of ")) {
    const HelpText help = ask(*program, "");
    return items_roff(help.arguments) + items_roff(help.options);
  }
  if (const auto program = behind(name, "exits of ")) return exits_of_program(ask(*program, ""));
  return std::nullopt;
}

}  // namespace

std::optional<std::string> made_roff(std::string_view name, const AskHelp& ask) {
  if (name == "commands") return commands_roff();
  if (name == "options") return options_roff(cli::global_options());
  if (name == "exits") return exits_roff(cli::common_exits());
  if (name == "keys") return keys_roff();
  if (const auto command = behind(name, "exits of ")) {
    if (const CommandRow* row = cli::find_command(*command)) return exits_roff(row->exits);
  }
  if (const auto command = behind(name, "command ")) {
    if (const CommandRow* row = cli::find_command(*command)) return command_body(*row);
  }
  return made_of_program(name, ask);
}

}  // namespace simplevisor::documents
