#include <fmt/format.h>

#include "supervisor/cli/commands.hpp"
#include "supervisor/cli/text_table.hpp"

namespace simplevisor::cli {
namespace {

std::string result_line(const runtime::Answer& answer, bool wait, std::string_view verb,
                        std::string_view done) {
  if (!answer.message.empty()) return answer.message;
  if (!wait) return fmt::format("asked to {}", verb);
  if (answer.paths.size() == 1) return fmt::format("{}: {}", answer.paths.front(), done);
  return fmt::format("{} nodes {}", answer.paths.size(), done);
}

}  // namespace

int act_on_path(Context& context, std::string_view verb, std::string_view done, control::OrderBody order) {
  const CommandLine& line = context.line;
  Terminal& terminal = context.terminal;
  const auto asker = asker_for(context);
  if (!asker) return report(asker.error(), terminal, line.json);
  std::string picked = line.path;
  if (!line.no_wait) {
    const auto found = asker->nodes("status", line.path);
    if (!found) return report(found.error(), terminal, line.json);
    picked = picked_text(found->rows);
    terminal.err << fmt::format("waiting for {} to {} ...\n", picked, verb) << std::flush;
  }
  order.pattern = line.path;
  auto answered = asker->act(verb, order, !line.no_wait);
  if (!answered) {
    Failure failure = std::move(answered.error());
    if (failure.exit == Exit::timed_out) {
      failure.message = fmt::format("{} did not {} in time; the supervisor goes on with it", picked, verb);
    }
    return report(failure, terminal, line.json);
  }
  terminal.out << (line.json ? answered->json
                             : printable(result_line(answered->answer, !line.no_wait, verb, done)))
               << '\n'
               << std::flush;
  return code(Exit::done);
}

}  // namespace simplevisor::cli
