#include "supervisor/cli/commands.hpp"
#include "supervisor/cli/insight_text.hpp"

namespace simplevisor::cli {

int why(Context& context) {
  return show_one(context, "why", why_text);
}

}  // namespace simplevisor::cli
