#include "supervisor/cli/commands.hpp"

namespace simplevisor::cli {

int version(Context& context) {
  if (context.line.json) {
    context.terminal.out << "{\"version\":\"" SIMPLEVISOR_VERSION "\"}\n" << std::flush;
  } else {
    context.terminal.out << "simplevisor " SIMPLEVISOR_VERSION "\n" << std::flush;
  }
  return code(Exit::done);
}

}  // namespace simplevisor::cli
