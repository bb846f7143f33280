#include <fmt/format.h>

#include "supervisor/cli/commands.hpp"
#include "supervisor/cli/watch.hpp"

namespace simplevisor::cli {
namespace {

TableForm form_of(const Context& context) {
  const CommandLine& line = context.line;
  return {.columns = *parse_columns(line.columns),  // its words have been looked at with the command line
          .sort = find_column(line.sort),
          .reverse = line.reverse,
          .titled = !line.no_header,
          .colour = context.terminal.colour};
}

// Without a path the code answers an init script's question, whatever goes wrong.
int code_of(const Failure& failure, const CommandLine& line) {
  if (!line.path.empty()) return code(failure.exit);
  return code(failure.unreached ? status_exit(*failure.unreached) : StatusExit::unknown);
}

std::string text_of(const Asker::Found& found, const Context& context) {
  return context.line.json ? found.json + "\n" : status_text(found.rows, form_of(context));
}

// Whatever does not change by itself from one moment to the next.
std::string essence_of(const Rows& rows) {
  std::string text;
  for (const runtime::NodeStatus& row : rows)
    fmt::format_to(std::back_inserter(text), "{}\n{}\n{}/{} {} {} {} {}\n{}\n", row.path, row.state,
                   row.ready, row.wanted, row.pid, row.restarts, row.held, static_cast<int>(row.verdict),
                   row.status);
  return text;
}

Look look(const Asker& asker, const Context& context) {
  const CommandLine& line = context.line;
  const auto found = asker.nodes("status", line.path);
  if (found) return {text_of(*found, context), essence_of(found->rows), false, code(Exit::done)};
  const Failure& failure = found.error();
  const std::string text = failure_text(failure, line.json);
  return {text, text, !line.json, code_of(failure, line)};
}

}  // namespace

int status(Context& context) {
  const CommandLine& line = context.line;
  const auto failed = [&](const Failure& failure) {
    report(failure, context.terminal, line.json);
    return code_of(failure, line);
  };
  const auto asker = asker_for(context);
  if (!asker) return failed(asker.error());
  const auto found = asker->nodes("status", line.path);
  if (!found) return failed(found.error());
  if (!line.watch) {
    context.terminal.out << text_of(*found, context) << std::flush;
    return code(Exit::done);
  }
  const WatchForm form{.every = *line.watch, .between = line.json ? "" : "\n"};
  const std::string& socket = asker->socket_path();
  // The command's time is that of each question.
  return watch(context.terminal, socket, form, [&] { return look(Asker(socket, line.timeout), context); });
}

}  // namespace simplevisor::cli
