// workers/dirq/tool/main.cpp
//
// simplevisor-dirq: a directory queue from the command line.
//
// Exit codes  those of commands.hpp, printed by --help.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <exception>
#include <map>
#include <optional>
#include <string>

#include "workers/dirq/tool/commands.hpp"

namespace {

using namespace simplevisor::dirq;

constexpr const char* exit_codes =
    "Exit codes: 0 done, 1 failed, 2 usage, 65 not an element name or not a regular file, 66 no such queue, "
    "element or\n"
    "file, 73 no space, 75 locked by another (or out of descriptors): try later, 77 not permitted.";

// Digits are decimal, as in the other implementations; a leading 0 or 0o makes them octal.
mode_t parse_umask(const std::string& text) {
  const bool octal = text.size() > 1 && text[0] == '0';
  const std::string digits = text.starts_with("0o") ? text.substr(2) : text;
  std::size_t used = 0;
  unsigned long value = 01000;
  try {
    value = std::stoul(digits, &used, octal ? 8 : 10);
  } catch (const std::exception&) {
    used = 0;
  }
  if (used == 0 || used != digits.size() || !std::isdigit(static_cast<unsigned char>(digits[0])) ||
      value > 0777) {
    throw CLI::ValidationError("--umask", text + ": not a number from 0 to 511 (0o777)");
  }
  return static_cast<mode_t>(value);
}

Durability parse_durability(const std::string& text) {
  if (text == "none") return Durability::none;
  if (text == "data") return Durability::data;
  if (text == "full") return Durability::full;
  throw CLI::ValidationError("--durability", text + ": none of none, data, full");
}

Layout parse_layout(const std::string& text) {
  if (text == "simple") return Layout::simple;
  if (text == "normal") return Layout::normal;
  throw CLI::ValidationError("--type", text + ": none of simple, normal");
}

void define_queue(CLI::App& command, tool::Target& queue, const char* help) {
  command.add_option("QUEUE", queue.path, help)->required();
  command.add_option_function<std::string>(
      "--type", [&queue](const std::string& text) { queue.layout = parse_layout(text); },
      "simple or normal; when it is not said, what the directory looks like");
}

void define_add(CLI::App& app, tool::AddRequest& request) {
  CLI::App* add = app.add_subcommand("add", "add files, or standard input, as elements; prints their names");
  define_queue(*add, request.queue, "the queue's directory; made when missing");
  CLI::Option* const files =
      add->add_option("FILE", request.files, "one element each; - or none: standard input");
  add->add_flag("--lines", request.lines, "one element for each line, without its newline");
  add->add_flag("--take-over", request.take_over,
                "the files themselves become the elements and leave their paths")
      ->excludes("--lines")
      ->needs("FILE");
  // One value each, or what follows would be taken for further fields.
  add->add_option("--field", request.fields, "NAME=FILE, as often as an element of a normal queue has fields")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->excludes(files)
      ->excludes("--lines");
  add->add_option_function<std::string>(
         "--durability",
         [&request](const std::string& text) { request.options.durability = parse_durability(text); },
         "what is on disk when we say done: none, data or full")
      ->default_str("none");
  add->add_option_function<std::int64_t>(
         "--granularity",
         [&request](std::int64_t seconds) { request.options.granularity = std::chrono::seconds(seconds); },
         "seconds of traffic per directory")
      ->check(CLI::Range(std::int64_t{0}, std::int64_t{INT32_MAX}))
      ->default_str("60");
  add->add_option_function<std::string>(
      "--umask", [&request](const std::string& text) { request.options.umask = parse_umask(text); },
      "of files and directories: decimal, or octal with a leading 0");
  add->add_flag("-q,--quiet", request.quiet, "print no names");
  add->add_flag("--json", request.json, "print one JSON object");
}

void define_purge(CLI::App& app, tool::PurgeRequest& request) {
  CLI::App* purge =
      app.add_subcommand("purge", "remove old temporaries, break old locks, remove empty directories");
  define_queue(*purge, request.queue, "the queue's directory");
  const auto seconds = [purge](const char* name, std::chrono::seconds& to, const char* help) {
    purge
        ->add_option_function<std::int64_t>(
            name, [&to](std::int64_t value) { to = std::chrono::seconds(value); }, help)
        ->check(CLI::Range(std::int64_t{0}, std::int64_t{INT32_MAX}))
        ->default_str(std::to_string(to.count()));
  };
  seconds("--maxtemp", request.options.maxtemp, "seconds from which a temporary is old; 0: never");
  seconds("--maxlock", request.options.maxlock, "seconds from which a lock is old; 0: never");
  seconds("--young-lock", request.options.young_lock, "seconds in which a lock just taken is left alone");
  purge->add_flag("--json", request.json, "print one JSON object");
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"Adds to, looks into and cleans directory queues.", "simplevisor-dirq"};
  app.require_subcommand(1);
  app.set_version_flag("--version", "simplevisor-dirq " SIMPLEVISOR_VERSION);
  app.footer(exit_codes);
  tool::AddRequest add_request;
  tool::PurgeRequest purge_request;
  tool::Target queue;
  std::string name;
  std::optional<std::string> field;
  bool json = false;
  define_add(app, add_request);
  define_purge(app, purge_request);
  const std::map<std::string, std::string> lookers{
      {"count", "print how many elements there are, locked ones included"},
      {"list", "print name, state, age and size of each element"},
      {"get", "write one element to standard output and leave it where it is"},
      {"stat", "print the state: ready, locked, oldest, rate"}};
  for (const auto& [command, help] : lookers) {
    CLI::App* sub = app.add_subcommand(command, help);
    define_queue(*sub, queue, "the queue's directory");
    if (command == "get") {
      sub->add_option("NAME", name, "the element, as list prints it")->required();
      sub->add_option("--field", field,
                      "which file of an element of a normal queue; needed if it has several");
    } else {
      sub->add_flag("--json", json, "print JSON; list: one object a line");
    }
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& help) {
    return app.exit(help);
  } catch (const CLI::RequiredError& error) {
    if (argc < 2 || argv[1][0] == '-' ||
        !app.get_subcommands([&](const CLI::App* known) { return known->check_name(argv[1]); }).empty())
      return tool::fail(tool::exit_usage, error.what());
    return tool::fail(tool::exit_usage, fmt::format("unknown command \"{}\" (see --help)", argv[1]));
  } catch (const CLI::ParseError& error) {
    return tool::fail(tool::exit_usage, error.what());
  }
  try {
    if (app.got_subcommand("add")) return tool::add(add_request);
    if (app.got_subcommand("purge")) return tool::purge(purge_request);
    if (app.got_subcommand("count")) return tool::count(queue, json);
    if (app.got_subcommand("list")) return tool::list(queue, json);
    if (app.got_subcommand("get")) return tool::get(queue, name, field);
    return tool::stat(queue, json);
  } catch (const std::exception& error) {  // out of memory
    return tool::fail(tool::exit_failed, error.what());
  }
}
