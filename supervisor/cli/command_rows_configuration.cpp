#include "supervisor/cli/command_rows.hpp"
#include "supervisor/cli/commands.hpp"
#include "supervisor/cli/starters.hpp"

namespace simplevisor::cli {
namespace {

std::vector<std::string_view> starter_kinds() {
  std::vector<std::string_view> kinds;
  for (const Starter& starter : starters()) kinds.push_back(starter.kind);
  return kinds;
}

}  // namespace

std::vector<CommandRow> configuration_commands() {
  return {
      {.name = "replay",
       .help = "play what the supervisor was told through its core again, and compare the decisions",
       .run = replay,
       .arguments = {{.name = "JOURNAL",
                      .help = "a journal directory, or a tape in it; without it that of the state directory",
                      .into = &CommandLine::file,
                      .offer = Offer::file}},
       .details = "Needs the configuration of then. Every decision is shown with the time since the "
                  "supervisor began and "
                  "the rule it follows, and held against what stands in the journal. `tape.jsonl.1` is the "
                  "tape of the "
                  "supervisor before. A tape ends at 32 MiB, which is some hundred thousand events. The exit "
                  "code is 1 when decisions differ."},
      {.name = "what_if",
       .help = "play through what would happen if a worker failed",
       .run = what_if,
       .arguments =
           {path_argument("which worker of the configuration", true),
            {.name = "FAULT",
             .help = "`dies`, `hangs` (as if it had a watchdog) or `fails-to-start` (after it died once)",
             .into = &CommandLine::fault,
             .required = true,
             .choices = {"dies", "hangs", "fails-to-start"}},
            {.name = "TIMES",
             .help = "how often; without it once",
             .into = &CommandLine::times,
             .min = 1,
             .max = 100'000},
            {.name = "WORD",
             .help = "`times`, or nothing: it is there to be read",
             .into = &CommandLine::times_word,
             .choices = {"times", "time"}}},
       .options = {{.name = "--every",
                    .value = "DURATION",
                    .help = "how long it runs before the next fault; without it `1s`",
                    .into = &CommandLine::every}},
       .details = "Asks the configuration, not the running supervisor: the tree is started on paper, with "
                  "nothing counted, and "
                  "everybody else does as told. Shows who is restarted with it, when the restarts are used "
                  "up, and who goes "
                  "down then."},
      {.name = "check_configuration",
       .help = "read the configuration and say what is wrong",
       .run = check_configuration,
       .options = {{.name = "--verbose",
                    .help = "print the tree that was understood",
                    .into = &CommandLine::verbose}},
       .details = "Every problem in all files is told in one run, with file, line, column and key."},
      {.name = "explain",
       .help = "tell of a key of the configuration: value, default, example, meaning",
       .run = explain,
       .arguments =
           {{.name = "KEY",
             .help =
                 "`restart`, `worker.restart`, `simplevisor.log.level`, a table as `worker`; without it all",
             .into = &CommandLine::key,
             .offer = Offer::key}},
       .details =
           "KEY may also be written as complaints about a configuration have it, with a node's name in it: "
           "`worker.send-a.restart`. An unknown key is a usage error (2), with the nearest that exists."},
      {.name = "init",
       .help = "write a commented tree to start from",
       .run = init,
       .arguments = {{.name = "FILE",
                      .help = "where to; without it `./simplevisor.toml`, `-` for standard output",
                      .into = &CommandLine::file,
                      .offer = Offer::file}},
       .options = {{.name = "--kind",
                    .value = "KIND",
                    .help = "with these workers: `plain` (any program), `consumer`, `transfer` or `sarra`",
                    .into = &CommandLine::kind,
                    .choices = starter_kinds()}},
       .details = "The tree runs as it stands. A file that exists is left as it is, which is a failure (1)."},
      {.name = "version", .help = "print the version", .run = version},
      {.name = "__complete",
       .help = "candidates for a shell, one a line; nothing where there are none, and never an error",
       .run = complete,
       .arguments = {{.name = "WHAT",
                      .help = "of what",
                      .into = &CommandLine::what,
                      .required = true,
                      .choices = {"nodes", "keys"}},
                     {.name = "BEGUN", .help = "what they begin with", .into = &CommandLine::begun}},
       .hidden = true},
  };
}

}  // namespace simplevisor::cli
