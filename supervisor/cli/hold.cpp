#include "supervisor/cli/commands.hpp"

namespace simplevisor::cli {

int hold(Context& context) {
  return act_on_path(context, "stop", "held", {.reason = context.line.reason, .limit = context.line.limit});
}

int release(Context& context) {
  return act_on_path(context, "start", "released");
}

}  // namespace simplevisor::cli
