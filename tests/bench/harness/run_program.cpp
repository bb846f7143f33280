#include "tests/bench/harness/run_program.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "tests/bench/harness/proc.hpp"

namespace simplevisor::bench {

namespace {

constexpr rlim_t descriptors_wanted = 65'536;
constexpr std::chrono::seconds program_time_max{60};
constexpr int kill_rounds_max = 100;

volatile sig_atomic_t interrupted_flag = 0;

void on_interrupt(int) {
  interrupted_flag = 1;
}

// Ten thousand workers need a descriptor each in some systems. Only root may raise the hard limit: what
// cannot be had shows as a system that is unavailable at that size.
void raise_descriptor_limit() {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  rlimit more{std::max(limit.rlim_max, descriptors_wanted), std::max(limit.rlim_max, descriptors_wanted)};
  if (::setrlimit(RLIMIT_NOFILE, &more) == 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

void wait_for_child(Clock::time_point until) {
  sigset_t child;
  sigemptyset(&child);
  sigaddset(&child, SIGCHLD);
  const auto left = std::max(Clock::duration::zero(), until - Clock::now());
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(left);
  const timespec timeout{seconds.count(), static_cast<long>((left - seconds).count())};
  ::sigtimedwait(&child, nullptr, &timeout);
}

// In the child, between fork and exec.
[[noreturn]] void become(char* const* argv, char* const* environment, const char* log) {
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  const int in = ::open("/dev/null", O_RDONLY);
  const int out = ::open(log, O_WRONLY | O_CREAT | O_APPEND, 0600);
  if (in >= 0 && out >= 0) {
    ::dup2(in, 0);
    ::dup2(out, 1);
    ::dup2(out, 2);
    for (const int fd : {in, out}) {
      if (fd > 2) ::close(fd);
    }
    ::execve(argv[0], argv, environment);
  }
  ::_exit(127);
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> result;
  for (std::string& text : texts) result.push_back(text.data());
  result.push_back(nullptr);
  return result;
}

}  // namespace

Result<void> become_harness() {
  if (::prctl(PR_SET_CHILD_SUBREAPER, 1) != 0) return fail_errno("PR_SET_CHILD_SUBREAPER");
  raise_descriptor_limit();
  sigset_t child;
  sigemptyset(&child);
  sigaddset(&child, SIGCHLD);
  ::sigprocmask(SIG_BLOCK, &child, nullptr);
  struct sigaction action{};
  action.sa_handler = on_interrupt;
  ::sigaction(SIGINT, &action, nullptr);
  ::sigaction(SIGTERM, &action, nullptr);
  return {};
}

bool interrupted() {
  return interrupted_flag != 0;
}

Result<pid_t> start_program(const std::vector<std::string>& argv, const std::string& home,
                            const std::string& log) {
  const char* path = std::getenv("PATH");
  std::vector<std::string> arguments = argv;
  std::vector<std::string> environment{fmt::format("PATH={}", path != nullptr ? path : "/usr/bin:/bin"),
                                       "HOME=" + home, "LC_ALL=C.UTF-8"};
  const auto argument_pointers = pointers(arguments);
  const auto environment_pointers = pointers(environment);
  const pid_t pid = ::fork();
  if (pid < 0) return fail_errno("fork");
  if (pid == 0)
    become(argument_pointers.data(), environment_pointers.data(), log.empty() ? "/dev/null" : log.c_str());
  return pid;
}

Result<void> run_program(const std::vector<std::string>& argv) {
  const auto pid = start_program(argv, "/", "");
  if (!pid) return std::unexpected(pid.error());
  const auto until = Clock::now() + program_time_max;
  while (Clock::now() < until && !interrupted()) {
    if (const auto status = reap(*pid)) {
      if (*status == 0) return {};
      return fail(Errc::unavailable, fmt::format("{} {}", argv[0], describe_wait_status(*status)));
    }
    wait_for_child(until);
  }
  kill_all();
  return fail(interrupted() ? Errc::interrupted : Errc::stuck, fmt::format("{} did not end", argv[0]));
}

std::optional<int> reap(pid_t pid) {
  std::optional<int> found;
  int status = 0;
  for (pid_t ended = 0; (ended = ::waitpid(-1, &status, WNOHANG)) > 0;) {
    if (ended == pid) found = status;
  }
  return found;
}

bool wait_for_all(Clock::time_point until) {
  for (;;) {
    const pid_t ended = ::waitpid(-1, nullptr, WNOHANG);
    if (ended < 0 && errno == ECHILD) return true;
    if (ended > 0) continue;
    if (Clock::now() >= until || interrupted()) return false;
    wait_for_child(until);
  }
}

std::size_t kill_all() {
  std::size_t killed = 0;
  // Those that are being started while we look are found in the next round.
  for (int round = 0; round < kill_rounds_max; ++round) {
    for (const pid_t pid : descendants(::getpid())) {
      if (::kill(pid, SIGKILL) == 0) ++killed;
    }
    reap(0);
    if (::waitpid(-1, nullptr, WNOHANG) < 0 && errno == ECHILD) break;
    wait_for_child(Clock::now() + std::chrono::milliseconds(20));
  }
  return killed;
}

std::string describe_wait_status(int status) {
  if (WIFSIGNALED(status)) return fmt::format("was killed by signal {}", WTERMSIG(status));
  return fmt::format("ended with status {}", WEXITSTATUS(status));
}

}  // namespace simplevisor::bench
