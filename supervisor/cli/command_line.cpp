#include "supervisor/cli/command_line.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <string_view>

#include "supervisor/cli/command_table.hpp"
#include "supervisor/config/spelling.hpp"
#include "supervisor/config/units.hpp"
#include "supervisor/control/routes.hpp"

namespace simplevisor::cli {
namespace {

using std::chrono::milliseconds;

// Oftener nobody can read it.
constexpr milliseconds watch_min{100};

std::string with_suggestion(std::string message, std::string_view word,
                            std::span<const std::string_view> valid) {
  const std::string_view nearest = config::Spelling().nearest(word, valid);
  if (!nearest.empty()) message += fmt::format(" (did you mean '{}'?)", nearest);
  return message;
}

std::string complaint_about_option(const std::string& name) {
  std::vector<std::string_view> known{"--help"};
  for (const OptionRow& option : global_options()) known.push_back(option.name);
  std::string owners;
  for (const CommandRow& command : commands_table()) {
    for (const OptionRow& option : command.options) {
      known.push_back(option.name);
      if (option.name == name || option.letter == name)
        owners += fmt::format("{}'{}'", owners.empty() ? "" : " or ", command.name);
    }
  }
  if (!owners.empty()) return fmt::format("'{}' belongs behind {}", name, owners);
  return with_suggestion(fmt::format("unknown option '{}'", name), name, known);
}

std::string complaint_about_rest(const std::string& word, const CommandRow* command) {
  if (word.size() > 1 && word.starts_with('-')) return complaint_about_option(word.substr(0, word.find('=')));
  if (command != nullptr) return fmt::format("unexpected argument '{}' after '{}'", word, command->name);
  std::vector<std::string_view> names;
  for (const CommandRow& row : commands_table()) {
    if (!row.hidden) names.push_back(row.name);
  }
  return with_suggestion(fmt::format("unknown command '{}'", word), word, names);
}

// CLI11 says where a value is wrong; in one line, without its type names.
std::string one_line(std::string text) {
  std::ranges::replace(text, '\n', ' ');
  return text;
}

// What a shell leaves of an unset variable must not mean "all", or the usual place.
const CLI::Validator not_empty{
    [](const std::string& value) -> std::string { return value.empty() ? "must not be empty" : ""; }, ""};

CLI::Validator one_of(std::vector<std::string_view> choices) {
  return {[choices = std::move(choices)](const std::string& value) -> std::string {
            if (std::ranges::find(choices, value) != choices.end()) return "";
            return with_suggestion(fmt::format("'{}' is none of {}", value, fmt::join(choices, ", ")), value,
                                   choices);
          },
          ""};
}

CLI::Validator list_of(std::vector<std::string_view> choices) {
  return {[one = one_of(std::move(choices))](const std::string& value) -> std::string {
            std::string complaint;
            for (std::size_t begin = 0; begin <= value.size() && complaint.empty();) {
              const std::size_t end = std::min(value.find(',', begin), value.size());
              std::string word = value.substr(begin, end - begin);
              complaint = one(word);
              begin = end + 1;
            }
            return complaint;
          },
          ""};
}

// `name`: "" where CLI11 puts it before the message itself.
milliseconds duration(const std::string& name, const std::string& text) {
  const auto value = config::parse_duration(text);
  const std::string complaint = !value ? value.error() : value->count() == 0 ? "must be more than 0" : "";
  if (!complaint.empty())
    throw name.empty() ? CLI::ValidationError(complaint) : CLI::ValidationError(name, complaint);
  return *value;
}

bool is_list(const OptionRow& row) {
  return row.list;
}
bool is_list(const ArgumentRow&) {
  return false;
}

template <class Row>
std::uint64_t number(const Row& row, const std::string& text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value < row.min || value > row.max) {
    throw CLI::ValidationError(std::string(row.name),
                               fmt::format("'{}' is no whole number from {} to {}", text, row.min, row.max));
  }
  return value;
}

std::string plain(std::string_view help) {
  std::string text(help);
  std::erase(text, '`');
  return text;
}

class Parser {
 public:
  Parser() {
    app_.require_subcommand(0, 1);
    app_.allow_extras();
    app_.option_defaults()->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
    for (const OptionRow& option : global_options()) add(app_, option);
    for (const CommandRow& command : commands_table()) add(command);
  }

  std::expected<CommandLine, Halt> parse(std::vector<std::string> words) {
    // Known before the parsing has ended, for mistakes are reported as JSON too.
    const auto end = std::ranges::find(words, "--");
    json_ = std::find(words.begin(), end, "--json") != end;
    nagios_ = std::find(words.begin(), end, "--nagios") != end;
    std::ranges::reverse(words);  // as CLI11 wants them
    try {
      app_.parse(std::move(words));
    } catch (const CLI::CallForHelp&) {
      const auto chosen = app_.get_subcommands();
      const CLI::App* about = chosen.empty() ? &app_ : chosen.front();
      return std::unexpected(Halt{Exit::done, json_, nagios_, about->help()});
    } catch (const CLI::ParseError& error) {
      return mistake(one_line(error.what()));
    }
    return result();
  }

 private:
  void add(const CommandRow& command) {
    CLI::App* sub = app_.add_subcommand(std::string(command.name), plain(command.help));
    sub->fallthrough();  // globals after the command
    if (command.hidden) sub->group("");
    if (hyphenated(command.name) != command.name) sub->alias(hyphenated(command.name));
    for (const ArgumentRow& argument : command.arguments) {
      add_valued(*sub, argument, std::string(argument.name))->type_name("");
    }
    for (const OptionRow& option : command.options) add(*sub, option);
    sub->footer(footer_of(command));
  }

  static std::string footer_of(const CommandRow& command) {
    std::string text = plain(command.details);
    if (!command.exits.empty()) {
      text += fmt::format("{}Exit codes, {}:", text.empty() ? "" : "\n", plain(command.exits_when));
      for (const ExitRow& row : command.exits)
        text += fmt::format("\n  {}  {}", row.code, plain(row.meaning));
    }
    return text;
  }

  void add(CLI::App& app, const OptionRow& option) {
    std::string names(option.name);
    if (!option.letter.empty()) names = fmt::format("{},{}", option.letter, option.name);
    if (const auto* flag = std::get_if<bool CommandLine::*>(&option.into)) {
      app.add_flag(names, line_.*(*flag), plain(option.help));
      return;
    }
    if (!option.bare.empty()) {
      add_with_bare(app, option, names);
      return;
    }
    CLI::Option* declared = add_valued(app, option, names)->type_name(std::string(option.value));
    if (std::holds_alternative<std::vector<std::string> CommandLine::*>(option.into))
      declared->expected(1)->allow_extra_args(false)->take_all();
  }

  // A flag to CLI11, so that it leaves the next word alone: "--watch root/a" is no time.
  void add_with_bare(CLI::App& app, const OptionRow& option, const std::string& names) {
    const auto read = [this, &option](const std::string& text) {
      const auto into = std::get<std::optional<milliseconds> CommandLine::*>(option.into);
      line_.*into = duration("", text == "true" ? std::string(option.bare) : text);
    };
    app.add_flag(names, flag_text_, plain(option.help))
        ->each(read)
        ->type_name(fmt::format("[={}]", option.value));
  }

  template <class Row>
  CLI::Option* add_valued(CLI::App& app, const Row& row, const std::string& names) {
    CLI::Option* declared = declare(app, row, names);
    declared->check(not_empty);
    if (!row.choices.empty()) declared->check(is_list(row) ? list_of(row.choices) : one_of(row.choices));
    return declared;
  }

  template <class Row>
  CLI::Option* declare(CLI::App& app, const Row& row, const std::string& names) {
    const std::string help = plain(row.help);
    if (const auto* text = std::get_if<std::string CommandLine::*>(&row.into))
      return app.add_option(names, line_.*(*text), help);
    if (const auto* texts = std::get_if<std::vector<std::string> CommandLine::*>(&row.into))
      return app.add_option(names, line_.*(*texts), help)->take_all();
    const auto read = [this, &row](const std::string& text) {
      if (const auto* time = std::get_if<std::optional<milliseconds> CommandLine::*>(&row.into))
        line_.*(*time) = duration(std::string(row.name), text);
      else
        line_.*std::get<std::optional<std::uint64_t> CommandLine::*>(row.into) = number(row, text);
    };
    return app.add_option_function<std::string>(names, read, help);
  }

  std::expected<CommandLine, Halt> result() {
    for (const CommandRow& command : commands_table()) {
      if (app_.got_subcommand(std::string(command.name))) line_.command = &command;
    }
    auto rest = app_.remaining(true);
    // CLI11 leaves the mark itself among what it did not expect.
    if (const auto mark = std::ranges::find(rest, "--"); mark != rest.end()) rest.erase(mark);
    if (!rest.empty()) return mistake(complaint_about_rest(rest.front(), line_.command));
    if (line_.command == nullptr && !line_.version)
      return mistake("no command given; 'simplevisor --help' lists them");
    if (line_.command != nullptr) {
      const CLI::App* sub = app_.get_subcommand(std::string(line_.command->name));
      for (const ArgumentRow& argument : line_.command->arguments) {
        if (argument.required && sub->get_option(std::string(argument.name))->count() == 0)
          return mistake(fmt::format("'{}' needs a {}", line_.command->name, argument.name));
      }
    }
    if (std::max(line_.path.size(), longest(line_.nodes)) > control::pattern_bytes_max)
      return mistake(fmt::format("a path has at most {} bytes", control::pattern_bytes_max));
    if (line_.daemon && !line_.path.empty())
      return mistake("--daemon starts the supervisor itself; it takes no PATH");
    if (!line_.nagios && !(line_.warning.empty() && line_.critical.empty()))
      return mistake("--warning and --critical belong behind --nagios");
    if (line_.nagios && line_.json) return mistake("--nagios has a form of its own; it goes without --json");
    if (line_.watch && *line_.watch < watch_min)
      return mistake(fmt::format("--watch looks at most every {}", config::duration_text(watch_min)));
    if (line_.json && line_.command != nullptr && line_.command->name == "top")
      return mistake("top is for people; 'status --json' is for programs");
    if (line_.json && (!line_.columns.empty() || !line_.sort.empty() || line_.reverse || line_.no_header))
      return mistake("--json shows everything; it goes without --columns, --sort, --reverse and --no-header");
    if (line_.json && line_.collapse_ok)
      return mistake("--json shows everything; it goes without --collapse-ok");
    if (line_.version) line_.command = find_command("version");
    return line_;
  }

  static std::size_t longest(const std::vector<std::string>& words) {
    return words.empty() ? 0 : std::ranges::max(words, {}, &std::string::size).size();
  }

  std::unexpected<Halt> mistake(std::string message) const {
    return std::unexpected(Halt{Exit::usage, json_, nagios_, std::move(message)});
  }

  CLI::App app_{"Supervision trees for messaging hosts.", "simplevisor"};
  CommandLine line_;
  std::string flag_text_;  // of flags that may have a value; who reads it keeps it
  bool json_ = false;
  bool nagios_ = false;
};

}  // namespace

std::expected<CommandLine, Halt> parse_command_line(std::vector<std::string> words) {
  return Parser().parse(std::move(words));
}

}  // namespace simplevisor::cli
