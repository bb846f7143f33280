#include <fmt/format.h>

#include "supervisor/cli/commands.hpp"
#include "supervisor/cli/text_table.hpp"

namespace simplevisor::cli {

int signal(Context& context) {
  const CommandLine& line = context.line;
  const auto asker = asker_for(context);
  if (!asker) return report(asker.error(), context.terminal, line.json);
  const auto answered = asker->act("signal", {.pattern = line.path, .signal = line.signal}, true);
  if (!answered) return report(answered.error(), context.terminal, line.json);
  if (line.json) {
    context.terminal.out << answered->json << '\n';
  } else {
    for (const std::string& path : answered->answer.paths)
      context.terminal.out << fmt::format("{}: signalled\n", printable(path));
  }
  context.terminal.out << std::flush;
  return code(Exit::done);
}

}  // namespace simplevisor::cli
