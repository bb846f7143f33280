// workers/transfer/main.cpp
//
// simplevisor-transfer: the command line, and what a run ends with.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <cstdlib>
#include <deque>
#include <utility>

#include "workers/service/report.hpp"
#include "workers/transfer/agent.hpp"
#include "workers/transfer/settings_files.hpp"

namespace {

using namespace simplevisor::transfer;
using simplevisor::service::ExitCode;
using simplevisor::service::report;
namespace json = boost::json;

int status(ExitCode code) {
  return static_cast<int>(code);
}

// What was said on the command line, in the words of the settings table.
struct CommandLine {
  std::string conf;
  std::string with;
  std::vector<std::string> filter;
  // Deques: CLI11 keeps addresses.
  std::deque<std::pair<SettingInfo, std::vector<std::string>>> values;
  std::deque<std::pair<SettingInfo, int>> flags;  // 1 given, -1 denied
};

bool repeats(SettingType type) {
  return type == SettingType::list_of_pairs || type == SettingType::words;
}

void declare(CLI::App& app, CommandLine& line) {
  app.set_version_flag("--version", "simplevisor-transfer " SIMPLEVISOR_VERSION);
  app.add_option("--conf,--config,--cfg", line.conf,
                 "file with settings, TOML or JSON; the command line wins");
  app.add_option("--with", line.with, "JSON file with settings: the `with` table of a node");
  for (const SettingInfo& info : settings_table()) {
    if (info.help.empty()) continue;  // known only to be refused, with a reason, in files
    const std::string help{info.help};
    if (info.type == SettingType::flag) {
      auto& given = line.flags.emplace_back(info, 0).second;
      app.add_flag(fmt::format("--{0},--no-{0}{{-1}}", info.name), given, help);
      continue;
    }
    std::string names = fmt::format("--{}", info.name);
    if (info.name == "count") names += ",-c";
    auto* const option =
        app.add_option(names, line.values.emplace_back(info, std::vector<std::string>{}).second, help);
    option->expected(1);
    if (repeats(info.type))
      option->take_all();
    else
      option->take_last();
  }
  app.footer(
      "Exit status: 0 done, 1 messages were left, 64 command line, 69 broker unavailable, 70 internal "
      "fault,\n"
      "75 try again later, 76 protocol, 77 authentication or permission, 78 settings.");
}

json::object object_of(const CommandLine& line) {
  json::object object;
  for (const auto& [info, words] : line.values) {
    if (words.empty()) continue;
    if (repeats(info.type))
      object[info.name] = json::array(words.begin(), words.end());
    else
      object[info.name] = words.back();
  }
  for (const auto& [info, given] : line.flags) {
    if (given != 0) object[info.name] = given > 0;
  }
  return object;
}

std::vector<std::string> apply(Settings& settings, const CommandLine& line) {
  std::vector<std::string> problems;
  const auto set = [&](const std::expected<json::object, std::string>& given, const std::string& from) {
    if (!given) return problems.push_back(given.error());
    for (const std::string& problem : set_from(settings, flattened(*given)))
      problems.push_back(from + problem);
  };
  if (!line.conf.empty()) set(read_settings_file(line.conf), line.conf + ": ");
  if (!line.with.empty()) set(read_json_file(line.with), line.with + ": ");
  set(object_of(line), "--");
  if (problems.empty()) problems = contradictions(settings);
  return problems;
}

bool supervised() {
  // NOLINTNEXTLINE(concurrency-mt-unsafe): before any thread
  return std::getenv("SIMPLEVISOR_PATH") != nullptr || std::getenv("NOTIFY_SOCKET") != nullptr;
}

int run(int argc, char** argv) {
  simplevisor::service::report_as("simplevisor-transfer");
  CLI::App app{"Moves messages between brokers (STOMP, AMQP 0-9-1) and directory queues.",
               "simplevisor-transfer"};
  CommandLine line;
  declare(app, line);
  try {
    app.parse(argc, argv);
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
  const auto agent = Agent::make(settings, supervised());
  if (!agent) {
    report("{}", agent.error().message);
    return status(agent.error().code);
  }
  return status((*agent)->run());
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
