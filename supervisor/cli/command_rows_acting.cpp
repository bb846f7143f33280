#include "supervisor/cli/command_rows.hpp"
#include "supervisor/cli/commands.hpp"

namespace simplevisor::cli {

std::vector<CommandRow> acting_commands() {
  return {
      {.name = "start",
       .help = "run the supervisor in the foreground, or start PATH",
       .run = start,
       .arguments = {path_argument("what to start; without it the supervisor itself")},
       .options = {{.name = "--daemon",
                    .help = "run in the background; return when the tree is up, or say why not",
                    .into = &CommandLine::daemon}},
       .details =
           "With PATH it waits until the node is ready. In the foreground 1 means that the tree could not be "
           "started, or gave up."},
      {.name = "stop",
       .help = "stop the supervisor and its tree, or PATH",
       .run = stop,
       .arguments = {path_argument("what to stop; without it the whole tree and the supervisor")},
       .details = "Without PATH it waits for the end of the supervisor's process: the next command may start "
                  "it again."},
      {.name = "restart",
       .help = "stop and start PATH",
       .run = restart,
       .arguments = {path_argument("what to restart", true)},
       .details = "It waits until the node is ready again. A pattern leaves those alone who are held; who is "
                  "named is released."},
      {.name = "hold",
       .help = "stop PATH and keep it stopped, for a time and with a reason that everybody sees",
       .run = hold,
       .arguments = {path_argument("what to hold", true)},
       .options = {{.name = "--for",
                    .value = "DURATION",
                    .help = "start it again after this time: `2h`, `1d`",
                    .into = &CommandLine::limit},
                   {.name = "--reason",
                    .value = "TEXT",
                    .help = "shown wherever the node is shown",
                    .into = &CommandLine::reason}},
       .details = "Nothing starts what is held, not even a restart of its supervisor or of simplevisor "
                  "itself, until it is "
                  "released or started, or the time is over. A pattern changes no hold that lasts longer. "
                  "`stop PATH` is a hold without time and reason."},
      {.name = "release",
       .help = "start what is held",
       .run = release,
       .arguments = {path_argument("what to release", true)},
       .details = "The same as `start PATH`."},
      {.name = "signal",
       .help = "send a signal to the processes of workers",
       .run = signal,
       .arguments = {path_argument("which worker; of a supervisor or pool, all below it", true),
                     {.name = "SIGNAL",
                      .help = "`HUP`, `SIGHUP` or `1`",
                      .into = &CommandLine::signal,
                      .required = true}},
       .details = "To the process itself, not to its children. What a worker does then is its own affair: if "
                  "it ends, that "
                  "counts like any other end."},
  };
}

ArgumentRow path_argument(std::string_view help, bool required) {
  return {
      .name = "PATH", .help = help, .into = &CommandLine::path, .required = required, .offer = Offer::node};
}

}  // namespace simplevisor::cli
