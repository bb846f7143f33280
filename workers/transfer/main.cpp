// workers/transfer/main.cpp
//
// simplevisor-transfer: the command line, and what a run ends with.
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <thread>
#include <utility>

#include "workers/service/daemon.hpp"
#include "workers/service/guarded.hpp"
#include "workers/service/option_words.hpp"
#include "workers/service/pid_file.hpp"
#include "workers/service/report.hpp"
#include "workers/transfer/agent.hpp"
#include "workers/transfer/settings_files.hpp"

namespace {

using namespace simplevisor::transfer;
using simplevisor::service::ExitCode;
using simplevisor::service::OptionWords;
using simplevisor::service::report;
using simplevisor::service::Takes;
namespace json = boost::json;

int status(ExitCode code) {
  return static_cast<int>(code);
}

// What was said on the command line, in the words of the settings table.
struct CommandLine {
  std::string conf;
  std::string with;
  bool quit = false;
  bool status = false;
  double timeout_status = 0;
  OptionWords options;
};

Takes taken_by(SettingType type) {
  if (type == SettingType::flag) return Takes::nothing;
  return type == SettingType::list_of_pairs || type == SettingType::words ? Takes::many : Takes::one;
}

std::string_view short_name(std::string_view setting) {
  if (setting == "debug") return "-d";
  if (setting == "statistics") return "-s";
  return setting == "count" ? "-c" : "";
}

void declare(CLI::App& app, CommandLine& line) {
  app.set_version_flag("--version", "simplevisor-transfer " SIMPLEVISOR_VERSION);
  app.add_option("--conf,--config,--cfg", line.conf,
                 "file with settings, TOML or JSON; the command line wins");
  app.add_option("--with", line.with, "JSON file with settings: the `with` table of a node");
  auto* const quit =
      app.add_flag("--quit", line.quit, "ask the agent of --pidfile to leave, and wait for that");
  app.add_flag("--status", line.status,
               "tell whether the agent of --pidfile runs: exit status 0 yes, 1 gone, 3 no file, 4 stale")
      ->excludes(quit);
  app.add_option("--timeout-status", line.timeout_status, "ask this many seconds until it runs")
      ->check(CLI::Range(0.0, 86'400.0));
  for (const SettingInfo& info : settings_table()) {
    // What is known only to be refused in files, with a reason, or belongs there.
    if (info.help.empty() || info.type == SettingType::tables) continue;
    line.options.declare(app, info.name, taken_by(info.type), info.help, short_name(info.name));
  }
  app.footer(
      "Exit status: 0 done, 1 messages were left, 64 command line, 65 a message can be neither sent nor set "
      "aside,\n"
      "69 broker unavailable, 70 internal fault, 73 a queue or file cannot be opened or made, 75 try again "
      "later,\n"
      "76 protocol, 77 authentication or permission, 78 settings.");
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
  set(line.options.object(), "--");
  // These speak about another process, whose settings are its own affair.
  if (line.quit || line.status) {
    if (settings.pidfile.empty()) problems.emplace_back("--quit and --status need a pidfile");
    return problems;
  }
  if (problems.empty()) problems = contradictions(settings);
  return problems;
}

bool supervised() {
  // NOLINTNEXTLINE(concurrency-mt-unsafe): before any thread
  return std::getenv("SIMPLEVISOR_PATH") != nullptr || std::getenv("NOTIFY_SOCKET") != nullptr;
}

int quit(const Settings& settings) {
  // As long as the agent may take to leave by itself, by what these settings say of it.
  const auto patience = settings.timeout_linger.value_or(Milliseconds{10'000}) +
                        settings.timeout_flush.value_or(Milliseconds{60'000}) +
                        settings.timeout_disconnect.value_or(Milliseconds{60'000}) + std::chrono::seconds{10};
  const auto done = simplevisor::service::quit_by(settings.pidfile, patience);
  report("{}", done ? *done : done.error());
  return status(done ? ExitCode::done : ExitCode::failed);
}

int show_status(const Settings& settings, double seconds) {
  using simplevisor::service::Presence;
  const auto until = std::chrono::steady_clock::now() + std::chrono::duration<double>{seconds};
  auto found = simplevisor::service::presence_by(settings.pidfile);
  while (found.presence != Presence::alive && std::chrono::steady_clock::now() < until) {
    std::this_thread::sleep_for(std::chrono::milliseconds{200});  // nobody tells us when it starts
    found = simplevisor::service::presence_by(settings.pidfile);
  }
  report("{}", found.text);
  return static_cast<int>(found.presence);
}

// False: it cannot, and that has been said.
bool send_reports(const Settings& settings) {
  using namespace simplevisor::service;
  report_from(settings.log_level);
  if (settings.log == "syslog" || (settings.log.empty() && settings.daemon)) report_to_syslog();
  if (settings.log == "null") report_to_nobody();
  if (settings.log == "stdout") report_to(STDOUT_FILENO);
  if (settings.log != "file") return true;
  const int file = ::open(settings.logfile.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
  if (file < 0) {
    report("logfile {}: {}", settings.logfile, std::strerror(errno));
    return false;
  }
  report_to(file);
  return true;
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
  if (line.quit) return quit(settings);
  if (line.status) return show_status(settings, line.timeout_status);
  std::optional<simplevisor::service::Daemon> daemon;
  if (settings.daemon) {
    auto made = simplevisor::service::Daemon::daemonize("simplevisor-transfer");
    if (!made) {
      report("{}", made.error());
      return status(ExitCode::temporary);
    }
    daemon.emplace(*std::move(made));
  }
  const auto agent = Agent::make(settings, supervised());
  if (!agent) {
    report("{}", agent.error().message);
    return status(agent.error().code);
  }
  if (!send_reports(settings)) return status(ExitCode::cannot_create);
  if (daemon) daemon->started();
  return status((*agent)->run());
}

}  // namespace

int main(int argc, char** argv) {
  return simplevisor::service::guarded([&] { return run(argc, argv); });
}
