// A program of your own that supervises: it loads a tree, waits until it is up, shows it, and stops it again.
//
//   example-embed TREE.toml [DIRECTORY OF KINDS]
//
// Link with simplevisor::runtime. The supervisor owns SIGCHLD and the termination signals of the process, so make it
// before any other thread starts.
#include <cstdio>
#include <utility>

#include "supervisor/config/load.hpp"
#include "supervisor/runtime/supervisor.hpp"

using namespace simplevisor;

int main(int argc, char** argv) {
  if (argc != 2 && argc != 3)
    return std::fputs("usage: example-embed TREE.toml [DIRECTORY OF KINDS]\n", stderr), 2;

  config::LoadOptions options;
  if (argc == 3) options.kinds_dirs.emplace_back(argv[2]);  // where [kind.consumer] and its like are
  auto configuration = config::load(argv[1], options);
  if (!configuration) {
    for (const auto& complaint : configuration.error())
      std::fprintf(stderr, "%s\n", complaint.to_string().c_str());
    return 8;
  }
  auto created = runtime::Supervisor::create(*std::move(configuration));
  if (!created)
    return std::fprintf(stderr, "%s\n", created.error().message.c_str()), created.error().exit_code;
  runtime::Supervisor& supervisor = **created;

  supervisor.when_started([&](const runtime::Answer& answer) {
    if (answer.outcome != runtime::Outcome::done) return;  // run() is about to return and say why
    runtime::Answer ignored;
    for (const auto& node : supervisor.status("", {}, ignored)) {
      std::printf("%-30s %-8s pid %d\n", node.path.c_str(), node.state.c_str(), node.pid);
    }
    supervisor.shut_down({});
  });
  return supervisor.run();
}
