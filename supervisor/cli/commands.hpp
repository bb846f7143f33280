// supervisor/cli/commands.hpp
//
// The commands of `simplevisor`, each in a file of its name, and what they are given. A command prints its
// result or its failure and returns the exit code.
//
// Threads    one at a time; blocks.
#pragma once

#include <functional>
#include <string_view>

#include "supervisor/cli/asker.hpp"
#include "supervisor/cli/command_line.hpp"
#include "supervisor/cli/locate.hpp"
#include "supervisor/cli/terminal.hpp"

namespace simplevisor::cli {

// Runs the supervisor itself, in the foreground or as a daemon. A parameter, because commands are of use without
// the runtime: the program hands in run_supervisor() of run_supervisor.hpp.
using RunSupervisor = std::function<int(const CommandLine&, const Environment&, Terminal&)>;

struct Context {
  const CommandLine& line;
  const Environment& environment;
  Terminal& terminal;
  const RunSupervisor& run_supervisor;
};

int start(Context& context);
int stop(Context& context);
int replay(Context& context);
int restart(Context& context);
int hold(Context& context);
int hooks(Context& context);
int release(Context& context);
int signal(Context& context);
int status(Context& context);
int check(Context& context);
int tree(Context& context);
int top(Context& context);
int why(Context& context);
int history(Context& context);
int events(Context& context);
int logs(Context& context);
int metrics(Context& context);
int what_if(Context& context);
int check_configuration(Context& context);
int explain(Context& context);
int init(Context& context);
int version(Context& context);
int complete(Context& context);  // `__complete`, for shells

// Shared by what is done to a PATH: says what it waits for, asks, says what came of it. `order` without its pattern.
int act_on_path(Context& context, std::string_view verb, std::string_view done,
                control::OrderBody order = {});

// Shared by the questions about one node: asks, prints.
int show_one(Context& context, std::string_view what,
             std::string (*text)(const boost::json::object& object, bool colour));

// Finds the socket and prepares to ask.
std::expected<Asker, Failure> asker_for(const Context& context);

// Understands `words` and carries the command out: the whole program but its streams.
int run(std::vector<std::string> words, const Environment& environment, Terminal& terminal,
        const RunSupervisor& run_supervisor);

}  // namespace simplevisor::cli
