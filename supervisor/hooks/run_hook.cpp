#include "supervisor/hooks/run_hook.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <system_error>

#include "supervisor/runtime/unique_fd.hpp"

namespace simplevisor::hooks {
namespace {

using Fd = runtime::UniqueFd;
using Clock = std::chrono::steady_clock;

std::unexpected<std::string> failure(const std::string& program, std::string_view what, int error) {
  return std::unexpected(
      fmt::format("hook {}: {}: {}", program, what, std::system_category().message(error)));
}

std::vector<std::string> environment_of(const HookRun& run) {
  std::vector<std::string> lines;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view line = *entry;
    const bool replaced = std::ranges::any_of(
        run.environment, [&](const auto& added) { return line.starts_with(added.first + "="); });
    if (!replaced) lines.emplace_back(line);
  }
  for (const auto& [name, value] : run.environment) lines.push_back(name + "=" + value);
  return lines;
}

// Leads a process group of its own; its signals are as a program expects them.
std::expected<pid_t, int> spawn(const HookRun& run, int input) {
  ::posix_spawn_file_actions_t actions;
  ::posix_spawnattr_t attributes;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawnattr_init(&attributes);
  ::posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
  sigset_t none;
  sigset_t all;
  ::sigemptyset(&none);
  ::sigfillset(&all);
  ::posix_spawnattr_setsigmask(&attributes, &none);
  ::posix_spawnattr_setsigdefault(&attributes, &all);
  ::posix_spawnattr_setpgroup(&attributes, 0);
  ::posix_spawnattr_setflags(&attributes,
                             POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
  std::vector<std::string> lines = environment_of(run);
  std::vector<char*> environment;
  for (std::string& line : lines) environment.push_back(line.data());
  environment.push_back(nullptr);
  std::string program = run.program;
  std::array<char*, 2> arguments{program.data(), nullptr};
  pid_t pid = 0;
  const int error =
      ::posix_spawn(&pid, program.c_str(), &actions, &attributes, arguments.data(), environment.data());
  ::posix_spawn_file_actions_destroy(&actions);
  ::posix_spawnattr_destroy(&attributes);
  if (error != 0) return std::unexpected(error);
  return pid;
}

// Whoever does not read his input must not end us.
class IgnoredPipe {
 public:
  IgnoredPipe() {
    struct sigaction ignore{};
    ignore.sa_handler = SIG_IGN;
    ::sigaction(SIGPIPE, &ignore, &before_);
  }
  IgnoredPipe(const IgnoredPipe&) = delete;
  IgnoredPipe& operator=(const IgnoredPipe&) = delete;
  ~IgnoredPipe() { ::sigaction(SIGPIPE, &before_, nullptr); }

 private:
  struct sigaction before_{};
};

int left(Clock::time_point end) {
  const auto time = std::chrono::ceil<std::chrono::milliseconds>(end - Clock::now()).count();
  return static_cast<int>(std::clamp<std::int64_t>(time, 0, 1'000'000'000));
}

// Hands over the input for as long as it is taken; then waits. False: the time was over first. Without a descriptor of
// the process (-1) it is over when the time is.
bool attend(Fd input, std::string_view rest, int process, Clock::time_point end, int hurry,
            std::chrono::milliseconds hurried) {
  for (;;) {
    std::array<pollfd, 3> entries{{{.fd = process, .events = POLLIN, .revents = 0},
                                   {.fd = input ? input.get() : -1, .events = POLLOUT, .revents = 0},
                                   {.fd = hurry, .events = POLLIN, .revents = 0}}};
    const int count = ::poll(entries.data(), entries.size(), left(end));
    if (count < 0 && errno == EINTR) continue;
    if (entries[0].revents != 0) return true;
    if (count <= 0) return false;
    if (entries[2].revents != 0) {
      end = std::min(end, Clock::now() + hurried);
      hurry = -1;
    }
    if (entries[1].revents == 0) continue;
    const ssize_t written = ::write(input.get(), rest.data(), rest.size());
    if (written > 0) rest.remove_prefix(static_cast<std::size_t>(written));
    if (rest.empty() || (written < 0 && errno != EAGAIN)) input.reset();
  }
}

}  // namespace

std::expected<void, std::string> run_hook(const HookRun& run) {
  const IgnoredPipe ignored;
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return failure(run.program, "no pipe", errno);
  Fd reading(ends[0]);
  Fd writing(ends[1]);
  ::fcntl(writing.get(), F_SETFL, O_NONBLOCK);
  const auto pid = spawn(run, reading.get());
  if (!pid) return failure(run.program, "cannot be run", pid.error());
  reading.reset();
  const Fd process(static_cast<int>(::syscall(SYS_pidfd_open, *pid, 0)));
  const bool in_time = attend(std::move(writing), run.input, process.get(), Clock::now() + run.timeout,
                              run.hurry, run.hurried);
  if (!in_time) ::kill(-*pid, SIGKILL);
  int status = 0;
  while (::waitpid(*pid, &status, 0) < 0 && errno == EINTR) {
  }
  if (!in_time)
    return std::unexpected(
        fmt::format("hook {}: not done after {} ms, and killed", run.program, run.timeout.count()));
  if (WIFSIGNALED(status))
    return std::unexpected(fmt::format("hook {}: killed by signal {}", run.program, WTERMSIG(status)));
  if (WEXITSTATUS(status) != 0)
    return std::unexpected(fmt::format("hook {}: exited with status {}", run.program, WEXITSTATUS(status)));
  return {};
}

}  // namespace simplevisor::hooks
