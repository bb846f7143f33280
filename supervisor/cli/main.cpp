// The program `simplevisor`: streams and arguments in, exit code out. What it does is in run.cpp.
#include <unistd.h>

#include <exception>
#include <iostream>

#include "supervisor/cli/commands.hpp"
#include "supervisor/cli/run_supervisor.hpp"

int main(int argc, char** argv) {
  namespace cli = simplevisor::cli;
  const cli::Environment environment = cli::process_environment();
  const bool screen = ::isatty(STDOUT_FILENO) == 1 && environment("TERM").value_or("dumb") != "dumb";
  cli::Terminal terminal{std::cout, std::cerr, screen && !environment("NO_COLOR").has_value(), screen};
  try {
    return cli::run({argv + 1, argv + argc}, environment, terminal, cli::run_supervisor);
  } catch (const std::exception& error) {
    std::cerr << "simplevisor: " << error.what() << '\n';
    return cli::code(cli::Exit::failed);
  }
}
