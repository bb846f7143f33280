// tests/process/launch_bench.cpp
//
// What launch() costs beside a bare vfork + execve of the same static program, in interleaved rounds, with
// few and with many open descriptors. Prints microseconds and ratios; a benchmark, not a test.
//
//     process_launch_bench [PROGRAM]
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <functional>
#include <string>
#include <vector>

#include "supervisor/process/launcher.hpp"
#include "supervisor/process/own_process.hpp"

using namespace simplevisor::process;

namespace {

constexpr int rounds = 4000;

// From the call until the child is reaped, in microseconds.
double time_of(const std::function<pid_t()>& start) {
  const auto begin = std::chrono::steady_clock::now();
  const pid_t pid = start();
  if (pid < 0) std::abort();
  siginfo_t info;
  if (::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED) != 0 || info.si_status != 0) std::abort();
  return std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - begin).count();
}

double median(std::vector<double> values) {
  std::ranges::sort(values);
  return values[values.size() / 2];
}

void compare(const char* title, const char* program) {
  const char* argv[] = {program, nullptr};
  const char* envp[] = {"PATH=/bin", nullptr};
  const auto bare = [&] {
    const pid_t pid = ::vfork();
    if (pid != 0) return pid;
    ::execve(program, const_cast<char**>(argv), const_cast<char**>(envp));
    ::_exit(127);
  };
  Launcher launcher{SignalPolicy::no_handlers_installed};
  LaunchPlan plan{.executable = program, .argv = argv, .envp = envp};
  const auto launched = [&] { return launcher.launch(plan).value_or(-1); };
  int pidfd = -1;
  LaunchPlan with_pidfd = plan;
  with_pidfd.pidfd = &pidfd;
  const auto launched_with_pidfd = [&] {
    const pid_t pid = launcher.launch(with_pidfd).value_or(-1);
    ::close(pidfd);
    return pid;
  };
  LaunchPlan unshared = plan;  // an initialiser keeps the descriptor table from being shared
  unshared.initialiser = [](void*) { return 0; };
  const auto launched_unshared = [&] { return launcher.launch(unshared).value_or(-1); };

  // One of each in turn, so that whatever else the machine does falls on all of them alike.
  const std::function<pid_t()> ways[] = {bare, launched, launched_with_pidfd, launched_unshared};
  std::vector<double> times[4];
  for (int round = 0; round < rounds; ++round) {
    for (int way = 0; way < 4; ++way) times[way].push_back(time_of(ways[way]));
  }
  const double base = median(times[0]);
  fmt::print("{}\n", title);
  const char* const names[] = {"bare vfork+execve", "launch()", "launch() + pidfd", "launch(), table copied"};
  for (int i = 0; i < 4; ++i) {
    fmt::print("  {:24} {:7.1f} us  {:.3f}\n", names[i], median(times[i]), median(times[i]) / base);
  }
}

}  // namespace

int main(int argc, char** argv) {
  const std::string own = argv[0];
  const std::string program = argc > 1 ? argv[1] : own.substr(0, own.rfind('/') + 1) + "process_exit_at_once";
  reset_inherited_signals();
  compare("few descriptors", program.c_str());
  if (!raise_descriptor_limit()) return 1;
  int opened = 0;
  for (; opened < 10'000 && ::open("/dev/null", O_RDWR | O_CLOEXEC) >= 0;) ++opened;
  compare(fmt::format("{} descriptors", opened).c_str(), program.c_str());
}
