#include "supervisor/cli/commands.hpp"

namespace simplevisor::cli {

int status(Context& context) {
  const CommandLine& line = context.line;
  // Without a path the code answers an init script's question, whatever goes wrong.
  const auto failed = [&](const Failure& failure) {
    const int general = report(failure, context.terminal, line.json);
    if (!line.path.empty()) return general;
    return code(failure.unreached ? status_exit(*failure.unreached) : StatusExit::unknown);
  };
  const auto asker = asker_for(context);
  if (!asker) return failed(asker.error());
  const auto found = asker->nodes("status", line.path);
  if (!found) return failed(found.error());
  if (line.json) {
    context.terminal.out << found->json << '\n' << std::flush;
  } else {
    context.terminal.out << status_text(found->rows, context.terminal.colour) << std::flush;
  }
  return line.path.empty() ? code(StatusExit::running) : code(Exit::done);
}

}  // namespace simplevisor::cli
