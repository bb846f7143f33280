#include "supervisor/cli/columns.hpp"
#include "supervisor/cli/command_rows.hpp"
#include "supervisor/cli/commands.hpp"
#include "supervisor/cli/top/model.hpp"
#include "supervisor/control/logs.hpp"

namespace simplevisor::cli {
namespace {

std::vector<std::string_view> sortable_columns() {
  std::vector<std::string_view> words;
  for (const NodeColumn& column : node_columns()) words.push_back(column.name);
  return words;
}

std::vector<std::string_view> top_columns() {
  return {std::begin(live::sort_order), std::end(live::sort_order)};
}

std::vector<OptionRow> status_options() {
  return {{.name = "--columns",
           .letter = "-o",
           .value = "COLUMN,...",
           .help = "these columns in this order; `wide` stands for most of them",
           .into = &CommandLine::columns,
           .choices = column_words(),
           .list = true},
          {.name = "--sort",
           .value = "COLUMN",
           .help = "by this column instead of tree order: the worst, the youngest, the most restarts first",
           .into = &CommandLine::sort,
           .choices = sortable_columns()},
          {.name = "--reverse", .letter = "-r", .help = "the other way round", .into = &CommandLine::reverse},
          {.name = "--no-header", .help = "without the line of titles", .into = &CommandLine::no_header},
          {.name = "--watch",
           .value = "DURATION",
           .help = "go on, and show it anew when something has changed; ages are brought up to date as often "
                   "as this (2s)",
           .into = &CommandLine::watch,
           .bare = "2s"}};
}

}  // namespace

std::vector<CommandRow> looking_commands() {
  return {
      {.name = "status",
       .help = "show the condition of the tree; without PATH the exit code is that of an init script",
       .run = status,
       .arguments = {path_argument("whose status; without it all")},
       .options = status_options(),
       .details = "With `--watch` it ends on `q` and on Ctrl-C; on no terminal it prints anew, after an "
                  "empty line, when something has "
                  "changed.",
       .exits = {{code(StatusExit::running), "running"},
                 {code(StatusExit::dead_with_remains), "dead, and its socket is still there: it was killed"},
                 {code(StatusExit::not_running), "not running"},
                 {code(StatusExit::unknown),
                  "unknown: not permitted, no answer, no configuration, standard output not written"}},
       .exits_when = "without PATH, as of an init script (LSB)",
       .unwritten =
           [](const CommandLine& line) {
             return line.path.empty() ? code(StatusExit::unknown) : code(Exit::failed);
           }},
      {.name = "check",
       .help =
           "compare wanted with actual: exit 0 as expected, 1 healing, 2 failed or missing, 3 cannot reach",
       .run = check,
       .arguments = {path_argument("what to check; without it all")},
       .options = {{.name = "--nagios",
                    .help = "as a Nagios plugin: one line with performance data, exit 0 OK, 1 WARNING, 2 "
                            "CRITICAL, 3 UNKNOWN",
                    .into = &CommandLine::nagios},
                   {.name = "--warning",
                    .letter = "-w",
                    .value = "RANGE",
                    .help = "with `--nagios`: WARNING when the number of nodes that are not as expected is "
                            "outside (default: 0)",
                    .into = &CommandLine::warning},
                   {.name = "--critical",
                    .letter = "-c",
                    .value = "RANGE",
                    .help = "with `--nagios`: CRITICAL when the number of nodes that are not as expected is "
                            "outside (default: when a node failed or is missing)",
                    .into = &CommandLine::critical}},
       .details = "A RANGE is `10` (0 to 10), `10:` (10 and more), `~:10` (10 and less), `10:20`, or "
                  "`@10:20` (inside is wrong instead of outside). With `--nagios` a supervisor that does not "
                  "answer is CRITICAL; a mistake, no such node and no permission are UNKNOWN.",
       .exits = {{code(CheckExit::as_expected), "all is as expected"},
                 {code(CheckExit::healing), "degraded but healing: waiting for a restart, starting"},
                 {code(CheckExit::failed), "something failed or is missing"},
                 {code(CheckExit::unreachable),
                  "the supervisor cannot be reached (not running, not permitted, no answer), or standard "
                  "output not "
                  "written"}},
       .exits_when = "of the condition; what else can go wrong has the codes of all commands",
       .unwritten = [](const CommandLine&) { return code(CheckExit::unreachable); }},
      {.name = "tree",
       .help = "draw the tree",
       .run = tree,
       .arguments = {path_argument("the top of what to draw; without it the root")},
       .options = {{.name = "--collapse-ok",
                    .help = "one line for each subtree in which all is well, and for the workers beside "
                            "those that are not",
                    .into = &CommandLine::collapse_ok}},
       .details =
           "Of each supervisor its strategy, how many workers are ready, what is left of its restarts, its "
           "state, and the worst that is below it."},
      {.name = "top",
       .help = "watch the tree in the whole terminal, and act on it",
       .run = top,
       .arguments = {path_argument("what to watch; without it all")},
       .options = {{.name = "--sort",
                    .value = "COLUMN",
                    .help = "begin with a table sorted by this column instead of the tree",
                    .into = &CommandLine::sort,
                    .choices = top_columns()}},
       .details = "Keys: arrows choose a node, `w` shows why it is as it is, `l` what it printed, `t` a "
                  "table instead of the "
                  "tree, `/` filters; `s`, `x`, `r`, `h` and `K` start, stop, restart, hold and signal it, "
                  "after a question. "
                  "`?` shows all keys, `q` quits."},
      {.name = "why",
       .help = "explain a node: what it waits for, how it ended, who decided what, what comes next",
       .run = why,
       .arguments = {path_argument("which node", true)},
       .details =
           "With its last ends, the last decisions that concern it and the rules they follow, the last lines "
           "it printed, and who is hit if it goes on failing, up to the root."},
      {.name = "history",
       .help = "list how the lives of a worker ended",
       .run = history,
       .arguments = {path_argument("which worker", true)},
       .details =
           "The last hundred ends, the youngest first, with what was decided then; kept when the supervisor "
           "itself is stopped and started."},
      {.name = "events",
       .help = "list what happened",
       .run = events,
       .arguments = {path_argument(
           "what happened to this node and to those below it; without it everything")},
       .options = {{.name = "--follow",
                    .letter = "-f",
                    .help = "go on with what happens from now on, until the supervisor ends",
                    .into = &CommandLine::follow},
                   {.name = "--lines",
                    .letter = "-n",
                    .value = "N",
                    .help = "the last N of those that are kept (default: all)",
                    .into = &CommandLine::lines}},
       .details =
           "The oldest first, as far back as they are kept in memory. With `--json` one object a line."},
      {.name = "logs",
       .help = "show what workers printed",
       .run = logs,
       .arguments = {{.name = "NODE",
                      .help = "whose output; of a supervisor or pool, that of all workers below it",
                      .into = &CommandLine::nodes,
                      .required = true,
                      .offer = Offer::node}},
       .options = {{.name = "--follow",
                    .letter = "-f",
                    .help = "go on with what they print from now on, until the supervisor ends",
                    .into = &CommandLine::follow},
                   {.name = "--lines",
                    .letter = "-n",
                    .value = "N",
                    .help = "the last N lines of each worker (default: 10; with `--since` all)",
                    .into = &CommandLine::lines,
                    .max = control::logs_lines_max},
                   {.name = "--since",
                    .value = "WHEN",
                    .help = "lines from then on: `10m`, `2h`, or a time as `2026-01-31T13:05:06Z`",
                    .into = &CommandLine::since},
                   {.name = "--grep",
                    .value = "REGEX",
                    .help = "lines that match, as `grep -E` has it",
                    .into = &CommandLine::grep}},
       .details =
           "Of more than one worker the lines are merged by their times, with the path of the worker before "
           "each. Rotated and compressed files are read as well. A line without a time belongs to the one "
           "before "
           "it; when none has one, `--since` goes by the times of the files, and says so. With `--json` one "
           "object a line."},
      {.name = "metrics",
       .help = "print what a monitoring system may want to watch",
       .run = metrics,
       .options = {{.name = "--textfile",
                    .value = "FILE",
                    .help = "into this file instead, as the textfile collector of Prometheus' node exporter "
                            "reads it",
                    .into = &CommandLine::textfile,
                    .offer = Offer::file}},
       .details = "As OpenMetrics text, the same as `GET /metrics`. The file is replaced in one step; when "
                  "the supervisor "
                  "does not answer, it says so in `simplevisor_reachable`, and nothing else."},
      {.name = "hooks",
       .help = "run programs when nodes fail and when they have recovered",
       .run = hooks,
       .arguments = {path_argument("only for PATH and what is below it")},
       .options = {{.name = "--on-failure",
                    .value = "PROGRAM",
                    .help = "run when a node has failed",
                    .into = &CommandLine::on_failure,
                    .offer = Offer::file},
                   {.name = "--on-recovery",
                    .value = "PROGRAM",
                    .help = "run when a node that had failed has run again for a while",
                    .into = &CommandLine::on_recovery,
                    .offer = Offer::file},
                   {.name = "--each-end",
                    .help = "each abnormal end of a worker is a failure, also when it is restarted",
                    .into = &CommandLine::each_end},
                   {.name = "--settle",
                    .value = "DURATION",
                    .help = "how long a node must run to have recovered (default: 5s)",
                    .into = &CommandLine::settle},
                   {.name = "--interval",
                    .value = "DURATION",
                    .help = "at most one failure of a node is told in this time (default: 1min)",
                    .into = &CommandLine::interval},
                   {.name = "--at-most",
                    .value = "COUNT",
                    .help = "failures of all nodes that are told in one interval (default: 20)",
                    .into = &CommandLine::at_most,
                    .min = 1,
                    .max = 10'000},
                   {.name = "--run-time",
                    .value = "DURATION",
                    .help = "a program that takes longer is killed (default: 30s)",
                    .into = &CommandLine::run_time}},
       .details = "It goes on until it gets SIGTERM or the supervisor ends, and is meant to be a worker "
                  "itself, the first of the root: "
                  "`command = [\"{bin_dir}/simplevisor\", \"--socket\", \"{state_dir}/control.sock\", "
                  "\"hooks\", \"--on-failure\", "
                  "\"/usr/local/bin/page\"]`. A node fails when it ends abnormally and is not restarted, "
                  "cannot be started, or gives up; what "
                  "was asked for is no failure. The program is run without arguments, one at a time, with a "
                  "dossier as JSON on "
                  "its standard input (`what`, `path`, `since`, `event`, `untold`, `supervisor`, and as "
                  "`why` the answer of "
                  "`why PATH`), and with SIMPLEVISOR_HOOK (`failure` or `recovery`) and "
                  "SIMPLEVISOR_HOOK_PATH in its "
                  "environment. Failures that may not be told are counted in the next one's `untold`."},
  };
}

}  // namespace simplevisor::cli
