#include "supervisor/cli/commands.hpp"
#include "supervisor/cli/tree_text.hpp"

namespace simplevisor::cli {

int tree(Context& context) {
  const CommandLine& line = context.line;
  const auto asker = asker_for(context);
  if (!asker) return report(asker.error(), context.terminal, line.json);
  const auto found = asker->nodes("tree", line.path);
  if (!found) return report(found.error(), context.terminal, line.json);
  if (line.json) {
    context.terminal.out << found->json << '\n' << std::flush;
  } else {
    context.terminal.out << tree_text(found->rows,
                                      {.collapse_ok = line.collapse_ok, .colour = context.terminal.colour})
                         << std::flush;
  }
  return code(Exit::done);
}

}  // namespace simplevisor::cli
