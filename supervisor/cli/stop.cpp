// Stopping everything ends when the supervisor's process has ended, not when it says that its tree is down: what
// follows may be a start on the same state directory.
#include <fmt/format.h>

#include "supervisor/cli/commands.hpp"
#include "supervisor/cli/text_table.hpp"
#include "supervisor/control/json.hpp"

namespace simplevisor::cli {
namespace {

Failure still_stopping(const std::string& name) {
  return {Exit::timed_out, "timed_out", fmt::format("{} did not stop in time; it goes on stopping", name)};
}

int stop_all(Context& context) {
  const CommandLine& line = context.line;
  Terminal& terminal = context.terminal;
  const auto asker = asker_for(context);
  if (!asker) return report(asker.error(), terminal, line.json);
  const auto info = asker->info();
  if (!info) return report(info.error(), terminal, line.json);
  const std::string name = fmt::format("{} (pid {})", printable(info->name), info->pid);
  control::Fd process;
  if (!line.no_wait) {
    auto watched = asker->process();
    if (!watched) return report(watched.error(), terminal, line.json);
    process = *std::move(watched);
    terminal.err << fmt::format("waiting for {} to stop ...\n", name) << std::flush;
  }
  const auto answered = asker->shut_down(!line.no_wait);
  const bool lost = !answered && answered.error().unreached &&
                    answered.error().unreached->code == control::ClientErrc::lost && process;
  if (!answered && !lost) {
    const bool late = answered.error().exit == Exit::timed_out;
    return report(late ? still_stopping(name) : answered.error(), terminal, line.json);
  }
  if (!asker->wait_for_end(process)) return report(still_stopping(name), terminal, line.json);
  if (line.json) {
    terminal.out << (answered ? answered->json : control::answer_json({}, false)) << '\n' << std::flush;
  } else {
    terminal.out << name << (line.no_wait ? ": asked to stop\n" : ": stopped\n") << std::flush;
  }
  return code(Exit::done);
}

}  // namespace

int stop(Context& context) {
  return context.line.path.empty() ? stop_all(context) : act_on_path(context, "stop", "stopped");
}

}  // namespace simplevisor::cli
