#include "supervisor/cli/command_line.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <string_view>

#include "supervisor/config/spelling.hpp"
#include "supervisor/config/units.hpp"

namespace simplevisor::cli {
namespace {

struct Verb {
  std::string_view name;
  Command command;
  std::string_view path;  // help on the PATH it takes; "" for none
  bool path_required;
  std::string_view help;
};

constexpr std::array<Verb, 8> verbs{{
    {"start", Command::start, "what to start; without it the supervisor itself", false,
     "run the supervisor in the foreground, or start PATH"},
    {"stop", Command::stop, "what to stop; without it the whole tree and the supervisor", false,
     "stop the supervisor and its tree, or PATH"},
    {"restart", Command::restart, "what to restart", true, "stop and start PATH"},
    {"status", Command::status, "whose status; without it all", false,
     "show the condition of the tree; without PATH the exit code is that of an init script"},
    {"check", Command::check, "what to check; without it all", false,
     "compare wanted with actual: exit 0 as expected, 1 healing, 2 failed or missing, 3 cannot reach"},
    {"tree", Command::tree, "the top of what to draw; without it the root", false, "draw the tree"},
    {"check_configuration", Command::check_configuration, "", false,
     "read the configuration and say what is wrong"},
    {"version", Command::version, "", false, "print the version"},
}};

constexpr std::array<std::string_view, 9> options{
    "--conf", "--socket", "--json", "--timeout", "--no-wait", "--daemon", "--verbose", "--version", "--help"};

// The options of one command alone, and which.
constexpr std::array<std::pair<std::string_view, std::string_view>, 2> own_options{
    {{"--daemon", "start"}, {"--verbose", "check_configuration"}}};

std::string hyphenated(std::string_view name) {
  std::string text(name);
  std::ranges::replace(text, '_', '-');
  return text;
}

std::string with_suggestion(std::string message, std::string_view word,
                            std::span<const std::string_view> valid) {
  const std::string_view nearest = config::Spelling().nearest(word, valid);
  if (!nearest.empty()) message += fmt::format(" (did you mean '{}'?)", nearest);
  return message;
}

std::string complaint_about_rest(const std::string& word, const Verb* verb) {
  if (word.size() > 1 && word.starts_with('-')) {
    const std::string name = word.substr(0, word.find('='));
    for (const auto& [option, owner] : own_options) {
      if (option == name) return fmt::format("'{}' belongs behind '{}'", option, owner);
    }
    return with_suggestion(fmt::format("unknown option '{}'", name), name, options);
  }
  if (verb != nullptr) return fmt::format("unexpected argument '{}' after '{}'", word, verb->name);
  std::array<std::string_view, verbs.size()> names{};
  std::ranges::transform(verbs, names.begin(), &Verb::name);
  return with_suggestion(fmt::format("unknown command '{}'", word), word, names);
}

// What a shell leaves of an unset variable must not mean "all", or the usual place.
const CLI::Validator not_empty{
    [](const std::string& value) -> std::string { return value.empty() ? "must not be empty" : ""; }, ""};

// CLI11 says where a value is wrong; in one line, without its type names.
std::string one_line(std::string text) {
  std::ranges::replace(text, '\n', ' ');
  return text;
}

class Parser {
 public:
  Parser() {
    app_.require_subcommand(0, 1);
    app_.allow_extras();
    app_.option_defaults()->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
    app_.add_option("--conf", line_.conf,
                    "configuration file (else $SIMPLEVISOR_CONF, ./simplevisor.toml, "
                    "~/.config/simplevisor/simplevisor.toml, /etc/simplevisor/simplevisor.toml)")
        ->type_name("FILE")
        ->check(not_empty);
    app_.add_option("--socket", line_.socket, "control socket (else control.sock in the state directory)")
        ->type_name("SOCKET")
        ->check(not_empty);
    app_.add_flag("--json", line_.json, "print JSON, also for errors");
    app_.add_option("--timeout", timeout_, "how long to wait at most: 500ms, 20s, 1m30s")
        ->type_name("DURATION")
        ->check(not_empty);
    app_.add_flag("--no-wait", line_.no_wait, "do not wait until it is done");
    app_.add_flag("--version", version_, "print the version");
    for (const Verb& verb : verbs) add(verb);
  }

  std::expected<CommandLine, Halt> parse(std::vector<std::string> words) {
    // Known before the parsing has ended, for mistakes are reported as JSON too.
    const auto end = std::ranges::find(words, "--");
    json_ = std::find(words.begin(), end, "--json") != end;
    std::ranges::reverse(words);  // as CLI11 wants them
    try {
      app_.parse(std::move(words));
    } catch (const CLI::CallForHelp&) {
      const auto chosen = app_.get_subcommands();
      const CLI::App* about = chosen.empty() ? &app_ : chosen.front();
      return std::unexpected(Halt{Exit::done, json_, about->help()});
    } catch (const CLI::ParseError& error) {
      return mistake(one_line(error.what()));
    }
    return result();
  }

 private:
  void add(const Verb& verb) {
    CLI::App* sub = app_.add_subcommand(std::string(verb.name), std::string(verb.help));
    sub->fallthrough();  // globals after the verb
    if (hyphenated(verb.name) != verb.name) sub->alias(hyphenated(verb.name));
    if (!verb.path.empty()) {
      sub->add_option("PATH", line_.path, std::string(verb.path))->type_name("")->check(not_empty);
    }
    if (verb.command == Command::start) {
      sub->add_flag("--daemon", line_.daemon,
                    "run in the background; return when the tree is up, or say why not");
    }
    if (verb.command == Command::check_configuration) {
      sub->add_flag("--verbose", line_.verbose, "print the tree that was understood");
    }
  }

  std::expected<CommandLine, Halt> result() {
    const Verb* verb = nullptr;
    for (const Verb& candidate : verbs) {
      if (app_.got_subcommand(std::string(candidate.name))) verb = &candidate;
    }
    auto rest = app_.remaining(true);
    // CLI11 leaves the mark itself among what it did not expect.
    if (const auto mark = std::ranges::find(rest, "--"); mark != rest.end()) rest.erase(mark);
    if (!rest.empty()) return mistake(complaint_about_rest(rest.front(), verb));
    if (verb == nullptr && !version_) return mistake("no command given; 'simplevisor --help' lists them");
    line_.command = version_ ? Command::version : verb->command;
    if (!timeout_.empty()) {
      const auto timeout = config::parse_duration(timeout_);
      if (!timeout) return mistake(fmt::format("--timeout: {}", timeout.error()));
      if (timeout->count() == 0) return mistake("--timeout: must be more than 0");
      line_.timeout = *timeout;
    }
    if (verb != nullptr && verb->path_required && line_.path.empty()) {
      return mistake(fmt::format("'{}' needs a PATH", verb->name));
    }
    if (line_.daemon && !line_.path.empty())
      return mistake("--daemon starts the supervisor itself; it takes no PATH");
    return line_;
  }

  std::unexpected<Halt> mistake(std::string message) const {
    return std::unexpected(Halt{Exit::usage, json_, std::move(message)});
  }

  CLI::App app_{"Supervision trees for messaging hosts.", "simplevisor"};
  CommandLine line_;
  std::string timeout_;
  bool version_ = false;
  bool json_ = false;
};

}  // namespace

std::expected<CommandLine, Halt> parse_command_line(std::vector<std::string> words) {
  return Parser().parse(std::move(words));
}

}  // namespace simplevisor::cli
