#include "supervisor/cli/run_supervisor.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <filesystem>

#include "supervisor/cli/daemon.hpp"
#include "supervisor/cli/end_deadline.hpp"
#include "supervisor/config/load.hpp"
#include "supervisor/control/json.hpp"
#include "supervisor/control/server.hpp"
#include "supervisor/runtime/supervisor.hpp"

namespace simplevisor::cli {
namespace {

// Told once: that the tree is up, or why it is not.
using Tell = std::function<void(int exit_code, const std::string& text)>;

constexpr std::size_t complaints_shown_max = 100;

std::string text_of(const std::vector<config::Complaint>& complaints) {
  std::string text;
  const std::size_t shown = std::min(complaints.size(), complaints_shown_max);
  for (std::size_t i = 0; i < shown; ++i) text += complaints[i].to_string() + "\n";
  if (shown < complaints.size()) text += fmt::format("... and {} more\n", complaints.size() - shown);
  text +=
      fmt::format("{} problem{} in the configuration", complaints.size(), complaints.size() == 1 ? "" : "s");
  return text;
}

int refuse(const Tell& tell, int exit_code, const std::string& text) {
  tell(exit_code, text);
  return exit_code;
}

// In the background standard error leads nowhere, and the reason why a tree gave up would be lost.
void log_beside_state(config::Settings& settings) {
  if (settings.log.to_stderr && settings.log.file.empty() && settings.log.syslog.empty()) {
    settings.log.file = (std::filesystem::path(settings.state_dir) / "simplevisor.log").string();
  }
}

int serve(const std::filesystem::path& file, const CommandLine& line, const Environment& environment,
          const Tell& tell) {
  auto configuration = config::load(file, load_options(environment));
  if (!configuration) return refuse(tell, code(Exit::bad_configuration), text_of(configuration.error()));
  const std::string name = configuration->settings.name;
  if (line.daemon) log_beside_state(configuration->settings);
  EndDeadline deadline;  // of what follows `run`: outlives all that may wait for a disk
  const auto supervisor = runtime::Supervisor::create(*std::move(configuration));
  if (!supervisor) return refuse(tell, supervisor.error().exit_code, supervisor.error().message);
  const std::string socket = line.socket.empty()
                                 ? (std::filesystem::path((*supervisor)->state_dir()) / socket_name).string()
                                 : std::filesystem::absolute(line.socket).string();
  // Declared after the supervisor, so that it has said its last word before the supervisor goes.
  const auto report_to_log = [](const std::string& text) { spdlog::warn("{}", text); };
  const config::ControlSettings& access = (*supervisor)->configuration()->settings.control;
  const auto server =
      control::Server::open(**supervisor, {.socket_path = socket,
                                           .rules = control::resolve(access.grants, report_to_log),
                                           .listen = access.listen,
                                           .report = report_to_log,
                                           .page = web::find});
  if (!server) return refuse(tell, code(Exit::failed), server.error().message);
  if (access.listen) {
    spdlog::info(
        "control: listening on {}://{}:{}", access.listen->certificate.empty() ? "http" : "https",
        access.listen->address.contains(':') ? "[" + access.listen->address + "]" : access.listen->address,
        (*server)->port());
  }
  (*supervisor)->when_started([&](const runtime::Answer& answer) {
    const bool up = answer.outcome == runtime::Outcome::done;
    tell(up ? 0 : code(Exit::failed), up ? fmt::format("{} is up", name) : answer.message);
  });
  const int exit_code = (*supervisor)->run();
  deadline.arm(exit_code);
  return exit_code;
}

std::string_view word_of(int exit_code) {
  if (exit_code == code(Exit::bad_configuration)) return "bad_configuration";
  if (exit_code == code(Exit::not_permitted)) return "not_permitted";
  return "failed";
}

int start_daemon(const std::filesystem::path& file, const CommandLine& line, const Environment& environment,
                 Terminal& terminal) {
  const auto timeout = line.no_wait ? std::optional(std::chrono::milliseconds{0}) : line.timeout;
  const Announced announced = run_in_background(
      [&](Announcement& announcement) {
        return serve(file, line, environment,
                     [&](int exit_code, const std::string& text) { announcement.tell(exit_code, text); });
      },
      timeout);
  if (announced.kind == Announced::Kind::late && !line.no_wait) {
    return report({Exit::timed_out, "timed_out",
                   fmt::format("not up in time; it goes on starting as pid {}", announced.pid)},
                  terminal, line.json);
  }
  if (announced.exit_code != 0) {
    return report(
        {static_cast<Exit>(announced.exit_code), std::string(word_of(announced.exit_code)), announced.text},
        terminal, line.json);
  }
  const std::string text = announced.kind == Announced::Kind::late ? "starting" : announced.text;
  if (line.json) {
    terminal.out << control::answer_json({.message = fmt::format("{}, pid {}", text, announced.pid)},
                                         line.no_wait)
                 << '\n';
  } else {
    terminal.out << fmt::format("{}, pid {}\n", text, announced.pid);
  }
  terminal.out << std::flush;
  return code(Exit::done);
}

}  // namespace

int run_supervisor(const CommandLine& line, const Environment& environment, Terminal& terminal) {
  const auto file = find_configuration(line, environment);
  if (!file) return report(file.error(), terminal, line.json);
  if (line.daemon) return start_daemon(*file, line, environment, terminal);
  return serve(*file, line, environment, [&](int exit_code, const std::string& text) {
    if (exit_code != 0) {
      report({static_cast<Exit>(exit_code), std::string(word_of(exit_code)), text}, terminal, line.json);
    }
  });
}

}  // namespace simplevisor::cli
