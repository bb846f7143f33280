#include <unistd.h>

#include "supervisor/cli/commands.hpp"
#include "supervisor/cli/top/run.hpp"

namespace simplevisor::cli {

int top(Context& context) {
  const CommandLine& line = context.line;
  const auto failed = [&](const Failure& failure) { return report(failure, context.terminal, false); };
  if (!context.terminal.is_screen || ::isatty(STDIN_FILENO) != 1)
    return failed(
        {Exit::failed, "no_terminal", "top needs a terminal to draw on; 'status --watch' goes without"});
  const auto asker = asker_for(context);
  if (!asker) return failed(asker.error());
  // What is wrong from the beginning is better told before the screen is taken.
  const auto found = asker->nodes("status", line.path);
  if (!found) return failed(found.error());
  const auto ended =
      live::run(asker->socket_path(), {.pattern = line.path,
                                       .sort = line.sort.empty() ? nullptr : find_column(line.sort),
                                       .colour = context.terminal.colour});
  if (!ended) return failed({Exit::failed, "no_terminal", ended.error()});
  return code(Exit::done);
}

}  // namespace simplevisor::cli
