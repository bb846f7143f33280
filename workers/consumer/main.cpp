// workers/consumer/main.cpp
//
// simplevisor-consumer: the command line, and what a run ends with.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <string_view>

#include "workers/consumer/consumer.hpp"
#include "workers/service/guarded.hpp"
#include "workers/service/option_words.hpp"
#include "workers/service/report.hpp"
#include "workers/service/small_file.hpp"

namespace {

using namespace simplevisor::consumer;
using simplevisor::service::ExitCode;
using simplevisor::service::OptionWords;
using simplevisor::service::read_small_file;
using simplevisor::service::report;
using simplevisor::service::Takes;

constexpr std::size_t with_bytes_max = 1 << 20;

int status(ExitCode code) {
  return static_cast<int>(code);
}

std::string option_of(std::string_view setting) {
  std::string option{setting};
  std::ranges::replace(option, '_', '-');
  return option;
}

Takes taken_by(SettingType type) {
  if (type == SettingType::flag) return Takes::nothing;
  return type == SettingType::list ? Takes::many : Takes::one;
}

// What was said on the command line, in the words of the settings table.
struct CommandLine {
  std::string with;
  std::vector<std::string> handler;
  OptionWords options;
};

void declare(CLI::App& app, CommandLine& line) {
  app.set_version_flag("--version", "simplevisor-consumer " SIMPLEVISOR_VERSION);
  app.add_option("--with", line.with, "JSON file with settings; those on the command line win");
  for (const SettingInfo& info : settings_table()) {
    if (info.name == "handler") continue;
    line.options.declare(app, option_of(info.name), taken_by(info.type), info.help);
  }
  app.add_option("handler", line.handler, "program and arguments that handle a message, after --");
  app.footer(
      "Exit status: 0 drained, 64 command line, 70 internal fault, 73 queue cannot be "
      "opened,\n"
      "75 try again later, 77 permission, 78 settings.");
}

std::vector<std::string> apply_file(Settings& settings, const std::string& path) {
  const auto text = read_small_file(path, with_bytes_max);
  if (!text) return {fmt::format("{}: {}", path, text.error())};
  std::vector<std::string> problems = set_from_json(settings, *text);
  for (std::string& problem : problems) problem = fmt::format("{}: {}", path, problem);
  return problems;
}

std::vector<std::string> apply(Settings& settings, const CommandLine& line) {
  std::vector<std::string> problems;
  if (!line.with.empty()) problems = apply_file(settings, line.with);
  for (const auto& said : line.options.said()) {
    std::string setting = said.name;
    std::ranges::replace(setting, '-', '_');
    const std::vector<std::string> denied{"false"};
    if (const auto problem = set_from_words(settings, setting, said.flag < 0 ? denied : said.words))
      problems.push_back(fmt::format("--{}: {}", said.name, *problem));
  }
  if (!line.handler.empty()) {
    if (const auto problem = set_from_words(settings, "handler", line.handler))
      problems.push_back(fmt::format("handler: {}", *problem));
  }
  if (problems.empty()) problems = contradictions(settings);
  return problems;
}

int run(int argc, char** argv) {
  simplevisor::service::report_as("simplevisor-consumer");
  CLI::App app{"Runs a handler for each message of one or several directory queues.", "simplevisor-consumer"};
  CommandLine line;
  declare(app, line);
  // Taken off before the options are parsed: what is behind "--" may look like one.
  char** const end = argv + argc;
  char** const dashes = std::find(argv, end, std::string_view{"--"});
  try {
    app.parse(static_cast<int>(dashes - argv), argv);
    if (dashes != end) line.handler.insert(line.handler.end(), dashes + 1, end);
  } catch (const CLI::Success& help) {
    return app.exit(help);
  } catch (const CLI::ParseError& error) {
    report("{} (see --help; a handler and its options stand behind --)", error.what());
    return status(ExitCode::usage);
  }
  Settings settings;
  if (const auto problems = apply(settings, line); !problems.empty()) {
    for (const std::string& problem : problems) report("{}", problem);
    return status(ExitCode::config);
  }
  const auto consumer = Consumer::open(settings);
  if (!consumer) {
    report("{}", consumer.error().message);
    return status(consumer.error().code);
  }
  return status((*consumer)->run());
}

}  // namespace

int main(int argc, char** argv) {
  return simplevisor::service::guarded([&] { return run(argc, argv); });
}
