// supervisor/cli/run_supervisor.hpp
//
// `simplevisor start` without a path: the supervisor itself, with its control API, in the foreground or as a
// daemon. The only place where the command line meets the runtime.
//
// Errors     printed; the exit code is returned. A daemon's are told to the process that started it.
// Threads    the calling thread becomes the supervision thread.
#pragma once

#include "supervisor/cli/commands.hpp"

namespace simplevisor::cli {

int run_supervisor(const CommandLine& line, const Environment& environment, Terminal& terminal);

}  // namespace simplevisor::cli
