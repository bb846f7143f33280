#include "supervisor/cli/commands.hpp"

namespace simplevisor::cli {

int restart(Context& context) {
  return act_on_path(context, "restart", "restarted");
}

}  // namespace simplevisor::cli
