// workers/consumer/main.cpp
//
// simplevisor-consumer: the command line, and what a run ends with.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <deque>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string_view>
#include <utility>

#include "workers/consumer/consumer.hpp"
#include "workers/service/report.hpp"

namespace {

using namespace simplevisor::consumer;
using simplevisor::service::ExitCode;
using simplevisor::service::report;

constexpr std::streamsize with_bytes_max = 1 << 20;

int status(ExitCode code) {
  return static_cast<int>(code);
}

std::string flag_of(std::string_view name) {
  std::string flag = fmt::format("--{}", name);
  std::ranges::replace(flag, '_', '-');
  return flag;
}

// What was said on the command line, in the words of the settings table.
struct CommandLine {
  std::string with;
  std::vector<std::string> handler;
  std::deque<std::pair<SettingInfo, std::vector<std::string>>> values;  // a deque: CLI11 keeps addresses
  std::deque<std::pair<SettingInfo, bool>> flags;
};

void declare(CLI::App& app, CommandLine& line) {
  app.set_version_flag("--version", "simplevisor-consumer " SIMPLEVISOR_VERSION);
  app.add_option("--with", line.with, "JSON file with settings; those on the command line win");
  for (const SettingInfo& info : settings_table()) {
    if (info.name == "handler") continue;
    const std::string help{info.help};
    if (info.type == SettingType::flag) {
      app.add_flag(flag_of(info.name), line.flags.emplace_back(info, false).second, help);
      continue;
    }
    auto* option = app.add_option(flag_of(info.name),
                                  line.values.emplace_back(info, std::vector<std::string>{}).second, help);
    option->expected(1)->allow_extra_args(false);
    if (info.type == SettingType::list)
      option->take_all();
    else
      option->take_last();
  }
  app.add_option("handler", line.handler, "program and arguments that handle a message, after --");
  app.footer(
      "Exit status: 0 drained, 64 command line, 70 internal fault, 73 queue cannot be "
      "opened,\n"
      "75 try again later, 77 permission, 78 settings.");
}

std::vector<std::string> apply_file(Settings& settings, const std::string& path) {
  std::ifstream in{path, std::ios::binary};
  if (!in) return {fmt::format("{}: {}", path, std::strerror(errno))};
  std::string text(with_bytes_max + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(in.gcount()));
  if (text.size() > with_bytes_max) return {fmt::format("{}: longer than {} bytes", path, with_bytes_max)};
  std::vector<std::string> problems = set_from_json(settings, text);
  for (std::string& problem : problems) problem = fmt::format("{}: {}", path, problem);
  return problems;
}

std::vector<std::string> apply(Settings& settings, const CommandLine& line) {
  std::vector<std::string> problems;
  if (!line.with.empty()) problems = apply_file(settings, line.with);
  const auto set = [&](std::string_view name, const std::vector<std::string>& words) {
    if (const auto problem = set_from_words(settings, name, words)) {
      problems.push_back(fmt::format("{}: {}", flag_of(name), *problem));
    }
  };
  for (const auto& [info, words] : line.values) {
    if (!words.empty()) set(info.name, words);
  }
  for (const auto& [info, given] : line.flags) {
    if (given) set(info.name, {});
  }
  if (!line.handler.empty()) set("handler", line.handler);
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
    report("{} (see --help)", error.what());
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
  (*consumer)->run();
  return status(ExitCode::done);
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const std::exception& error) {
    report("internal fault: {}", error.what());
    return status(ExitCode::internal);
  }
}
