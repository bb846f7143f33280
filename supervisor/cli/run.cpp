#include "supervisor/cli/command_table.hpp"
#include "supervisor/cli/commands.hpp"
#include "supervisor/cli/nagios.hpp"

namespace simplevisor::cli {

std::expected<Asker, Failure> asker_for(const Context& context) {
  // The time a broken or large configuration takes to read is part of the command's time.
  const auto begin = std::chrono::steady_clock::now();
  auto socket = find_socket(context.line, context.environment);
  if (!socket) return std::unexpected(std::move(socket.error()));
  auto timeout = context.line.timeout;
  if (timeout)
    *timeout -= std::chrono::floor<std::chrono::milliseconds>(std::chrono::steady_clock::now() - begin);
  return Asker(*std::move(socket), timeout);
}

namespace {

// A result that nobody can read is none, whatever was found.
int code_of_lost_output(const CommandLine& line) {
  return line.command->unwritten == nullptr ? code(Exit::failed) : line.command->unwritten(line);
}

bool written(Terminal& terminal) {
  if (terminal.out.flush()) return true;
  terminal.err << "simplevisor: standard output cannot be written\n";
  return false;
}

}  // namespace

int run(std::vector<std::string> words, const Environment& environment, Terminal& terminal,
        const RunSupervisor& run_supervisor) {
  const auto line = parse_command_line(std::move(words));
  if (!line) {
    const Halt& halt = line.error();
    if (halt.exit != Exit::done && halt.nagios) {
      const NagiosReport report = nagios_failure({halt.exit, "usage", halt.message});
      terminal.out << report.text << std::flush;
      return code(report.exit);
    }
    if (halt.exit != Exit::done) return report({halt.exit, "usage", halt.message}, terminal, halt.json);
    terminal.out << halt.message;
    return code(written(terminal) ? Exit::done : Exit::failed);
  }
  Context context{*line, environment, terminal, run_supervisor};
  const int exit = line->command->run(context);
  return written(terminal) ? exit : code_of_lost_output(*line);
}

}  // namespace simplevisor::cli
