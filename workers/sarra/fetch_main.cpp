// workers/sarra/fetch_main.cpp
//
// simplevisor-fetch: a handler that downloads what announcements name.
#include <unistd.h>

#include <csignal>

#include "workers/sarra/command_line.hpp"
#include "workers/sarra/fetch_stream.hpp"
#include "workers/service/guarded.hpp"
#include "workers/service/report.hpp"

namespace {

using namespace simplevisor::sarra;

int run(int argc, char** argv) {
  FetchSettings settings;
  bool exec = false;
  OptionTable options = fetch_options(settings);
  options.add(
      {"exec", "one announcement on standard input, instead of the lines of a stream handler", &exec});
  const Program program{.name = "simplevisor-fetch",
                        .purpose =
                            "Downloads what announcements name: a stream handler (or, with --exec, an exec "
                            "handler) of simplevisor-consumer.",
                        .exit_status =
                            "0 done, 64 command line, 65 failed, 70 internal fault, 73 directory, 75 try "
                            "again later, 76 protocol, 78 settings."};
  if (const auto status = configure(argc, argv, program, options)) return *status;
  std::signal(SIGPIPE, SIG_IGN);  // NOLINT: cannot fail for this one
  std::signal(SIGXFSZ, SIG_IGN);  // NOLINT: a file that may not be so large fails by itself
  return static_cast<int>(exec ? serve_one(settings, STDIN_FILENO)
                               : serve_stream(settings, STDIN_FILENO, STDOUT_FILENO));
}

}  // namespace

int main(int argc, char** argv) {
  return simplevisor::service::guarded([&] { return run(argc, argv); });
}
