#include "supervisor/cli/commands.hpp"
#include "supervisor/control/json.hpp"

namespace simplevisor::cli {

int check(Context& context) {
  const CommandLine& line = context.line;
  const auto failed = [&](const Failure& failure) {
    const int general = report(failure, context.terminal, line.json);
    return failure.unreached ? code(CheckExit::unreachable) : general;
  };
  const auto asker = asker_for(context);
  if (!asker) return failed(asker.error());
  const auto found = asker->nodes("check", line.path);
  if (!found) return failed(found.error());
  if (line.json) {
    context.terminal.out << found->json << '\n' << std::flush;
  } else {
    context.terminal.out << check_text(found->rows, context.terminal.colour) << std::flush;
  }
  return code(check_exit(control::worst(found->rows)));
}

}  // namespace simplevisor::cli
