#include "supervisor/cli/commands.hpp"
#include "supervisor/cli/insight_text.hpp"

namespace simplevisor::cli {

int history(Context& context) {
  return show_one(context, "history", history_text);
}

}  // namespace simplevisor::cli
