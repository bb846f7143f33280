#include "supervisor/cli/command_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "supervisor/cli/command_rows.hpp"
#include "supervisor/cli/exit_codes.hpp"

namespace simplevisor::cli {
namespace {

std::vector<CommandRow> make_commands() {
  std::vector<CommandRow> rows = acting_commands();
  for (auto* const more : {looking_commands, configuration_commands})
    std::ranges::move(more(), std::back_inserter(rows));
  return rows;
}

}  // namespace

std::span<const CommandRow> commands_table() {
  static const std::vector<CommandRow> rows = make_commands();
  return rows;
}

std::span<const OptionRow> global_options() {
  static const std::vector<OptionRow> rows{
      {.name = "--conf",
       .value = "FILE",
       .help = "configuration file (else `$SIMPLEVISOR_CONF`, `./simplevisor.toml`, "
               "`${XDG_CONFIG_HOME:-~/.config}/simplevisor/simplevisor.toml`, "
               "`/etc/simplevisor/simplevisor.toml`)",
       .into = &CommandLine::conf,
       .offer = Offer::file},
      {.name = "--socket",
       .value = "SOCKET",
       .help = "control socket (else `control.sock` in the state directory)",
       .into = &CommandLine::socket,
       .offer = Offer::file},
      {.name = "--json", .help = "print JSON, also for errors", .into = &CommandLine::json},
      {.name = "--timeout",
       .value = "DURATION",
       .help = "how long to wait at most: `500ms`, `20s`, `1m30s`",
       .into = &CommandLine::timeout},
      {.name = "--no-wait", .help = "do not wait until it is done", .into = &CommandLine::no_wait},
      {.name = "--version", .help = "print the version", .into = &CommandLine::version},
  };
  return rows;
}

std::span<const ExitRow> common_exits() {
  static const std::vector<ExitRow> rows{
      {code(Exit::done), "done"},
      {code(Exit::failed),
       "failed: it was tried and did not work, was refused, or its result could not be written to standard "
       "output"},
      {code(Exit::usage), "usage: a mistake on the command line, or a path that is malformed"},
      {code(Exit::no_such_node), "no such node, or a name that more than one node has"},
      {code(Exit::not_permitted),
       "not permitted: neither root, nor the supervisor's own user, nor granted by `[simplevisor.control]`"},
      {code(Exit::timed_out), "timed out"},
      {code(Exit::not_running), "the supervisor is not running"},
      {code(Exit::bad_configuration), "bad configuration, or none was found"},
  };
  return rows;
}

const CommandRow* find_command(std::string_view name) {
  const auto rows = commands_table();
  const auto found = std::ranges::find_if(
      rows, [&](const CommandRow& row) { return row.name == name || hyphenated(row.name) == name; });
  return found == rows.end() ? nullptr : &*found;
}

std::string hyphenated(std::string_view name) {
  std::string text(name);
  // Those that begin with it are no words for people.
  if (!text.starts_with('_')) std::ranges::replace(text, '_', '-');
  return text;
}

std::string value_suffix(const OptionRow& option) {
  if (option.value.empty()) return "";
  return option.bare.empty() ? fmt::format(" {}", option.value) : fmt::format("[={}]", option.value);
}

std::string usage_of(const CommandRow& command) {
  std::string text(command.name);
  for (const ArgumentRow& argument : command.arguments) {
    std::string word(argument.name);
    if (std::holds_alternative<std::vector<std::string> CommandLine::*>(argument.into)) word += "...";
    text += argument.required ? " " + word : " [" + word + "]";
  }
  return text;
}

}  // namespace simplevisor::cli
