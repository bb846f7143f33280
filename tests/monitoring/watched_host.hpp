// tests/monitoring/watched_host.hpp
//
// A supervisor with something of everything that is measured: a worker that is well, one that was restarted at once, one that
// waits for its back-off, a pool of consumers at a directory queue, and a worker with a status file.
#pragma once

#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <string>

#include "tests/integration/host.hpp"

namespace simplevisor::integration {

class WatchedHost {
 public:
  WatchedHost() {
    // What counts is the name of the program, and its `with`: the agent itself is not needed for its status file.
    std::filesystem::create_symlink("/bin/sleep", host.dir() + "/simplevisor-transfer");
    std::ofstream(host.dir() + "/status.json")
        << R"({"state":"running","received":12,"sent":11,"pending":1})";
  }

  // Starts it, and waits until all of it is as described.
  void up() {
    host.up();
    for (int n = 0; n < 3; ++n)
      ASSERT_EQ(
          run({"/bin/sh", "-c", "echo x | \"$0\" add --quiet \"$1\"", SIMPLEVISOR_DIRQ, host.dir() + "/jobs"})
              .exit_code,
          0);
    ASSERT_TRUE(eventually([&] {
      const std::string text = host.cli({"metrics"}).out;
      return text.contains("restarts_total{node=\"root/again\"} 1\n") &&
             text.contains("state{node=\"root/failing\",state=\"restarting\"} 1\n") &&
             text.contains("simplevisor_queue_locked{queue=\"" + host.dir() + "/jobs\"} 2\n");
    })) << host.cli({"metrics"}).out;
  }

  Host host{R"(
[supervisor.root]
intensity = 1000
period    = "1min"
children  = ["steady", "again", "failing", "jobs", "mover"]
[worker.steady]
command = ["/bin/sleep", "1000"]
[worker.again]
command = ["/bin/sh", "-c", "test -e @DIR@/again || {{ : >@DIR@/again; exit 3; }}; exec sleep 1000"]
[worker.failing]
command = ["/bin/sh", "-c", "exit 4"]
backoff = { initial = "1h", max = "1h" }
[pool.jobs]
size     = 2
command  = ["{bin_dir}/simplevisor-consumer", "--with", "{with}"]
ready    = "notify"
shutdown = "brutal_kill"
with     = { queue = "@DIR@/jobs", raw = true, window = 1, status_file = "@DIR@/jobs-{instance}.json", handler = ["/bin/sleep", "1000"] }
[worker.mover]
command = ["@DIR@/simplevisor-transfer", "1000"]
with    = { incoming-queue = "path=@DIR@/jobs", outgoing-queue = "path=@DIR@/out", status-file = "@DIR@/status.json" }
)"};
};

// Names of samples in a text of metrics.
inline std::set<std::string> sample_names(const std::string& text) {
  std::set<std::string> names;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with('#')) names.insert(line.substr(0, line.find_first_of("{ ")));
  }
  return names;
}

}  // namespace simplevisor::integration
