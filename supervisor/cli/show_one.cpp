#include <fmt/format.h>

#include "supervisor/cli/commands.hpp"
#include "supervisor/control/text.hpp"

namespace simplevisor::cli {

int show_one(Context& context, std::string_view what,
             std::string (*text)(const boost::json::object& object, bool colour)) {
  const CommandLine& line = context.line;
  const auto asker = asker_for(context);
  if (!asker) return report(asker.error(), context.terminal, line.json);
  const auto found =
      asker->object(fmt::format("/v1/{}?pattern={}", what, control::percent_encoded(line.path)));
  if (!found) return report(found.error(), context.terminal, line.json);
  if (line.json)
    context.terminal.out << found->json << '\n' << std::flush;
  else
    context.terminal.out << text(found->members, context.terminal.colour) << std::flush;
  return code(Exit::done);
}

}  // namespace simplevisor::cli
