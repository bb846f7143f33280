#include "supervisor/cli/commands.hpp"

namespace simplevisor::cli {

int start(Context& context) {
  if (!context.line.path.empty()) return act_on_path(context, "start", "started");
  return context.run_supervisor(context.line, context.environment, context.terminal);
}

}  // namespace simplevisor::cli
