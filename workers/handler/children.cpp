#include "workers/handler/children.hpp"

#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <utility>

namespace simplevisor::handler {
namespace {

std::error_code system_error(int number) {
  return {number, std::system_category()};
}

std::vector<char*> pointers(const std::vector<std::string>& strings) {
  std::vector<char*> all;
  all.reserve(strings.size() + 1);
  for (const std::string& s : strings)
    all.push_back(const_cast<char*>(s.c_str()));  // NOLINT: the API's, not changed
  all.push_back(nullptr);
  return all;
}

// The two C objects of posix_spawn. Their set-up only fails for lack of memory, which is then the spawn's failure.
class SpawnPlan {
 public:
  explicit SpawnPlan(const ChildRequest& request) {
    posix_spawnattr_init(&attributes_);
    posix_spawn_file_actions_init(&actions_);
    sigset_t all;
    sigset_t none;
    sigfillset(&all);
    sigemptyset(&none);
    posix_spawnattr_setsigdefault(&attributes_, &all);
    posix_spawnattr_setsigmask(&attributes_, &none);
    posix_spawnattr_setpgroup(&attributes_, 0);
    posix_spawnattr_setflags(&attributes_,
                             POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
    error_ = posix_spawn_file_actions_adddup2(&actions_, request.standard_input, STDIN_FILENO);
    if (error_ == 0 && request.standard_output >= 0) {
      error_ = posix_spawn_file_actions_adddup2(&actions_, request.standard_output, STDOUT_FILENO);
    }
    if (error_ == 0) error_ = posix_spawn_file_actions_addclosefrom_np(&actions_, STDERR_FILENO + 1);
  }
  SpawnPlan(const SpawnPlan&) = delete;
  SpawnPlan& operator=(const SpawnPlan&) = delete;
  ~SpawnPlan() {
    posix_spawn_file_actions_destroy(&actions_);
    posix_spawnattr_destroy(&attributes_);
  }

  int spawn(pid_t& child, char* const* arguments, char* const* environment) const {
    return error_ != 0 ? error_
                       : posix_spawnp(&child, arguments[0], &actions_, &attributes_, arguments, environment);
  }

 private:
  posix_spawnattr_t attributes_{};
  posix_spawn_file_actions_t actions_{};
  int error_ = 0;
};

ExitStatus status_of(const siginfo_t& info) {
  return {.signalled = info.si_code != CLD_EXITED, .value = info.si_status};
}

}  // namespace

std::string ExitStatus::text() const {
  if (!signalled) return fmt::format("exit status {}", value);
  const char* name = sigabbrev_np(value);
  return fmt::format("killed by signal {} ({})", value, name == nullptr ? "?" : name);
}

Children::Children(const boost::asio::any_io_executor& executor) : signals_{executor, SIGCHLD} {
  wait_for_signal();
}

Children::~Children() {
  for (const auto& [child, on_exit] : running_) {
    ::kill(-child, SIGKILL);
    while (::waitpid(child, nullptr, 0) < 0 && errno == EINTR) {
    }
  }
}

std::expected<pid_t, std::error_code> Children::start(const ChildRequest& request, OnExit on_exit) {
  const auto arguments = pointers(request.arguments);
  const auto environment = pointers(request.environment);
  pid_t child = -1;
  const int error = SpawnPlan{request}.spawn(child, arguments.data(), environment.data());
  if (error != 0) return std::unexpected(system_error(error));
  running_.emplace(child, std::move(on_exit));
  return child;
}

void Children::kill(pid_t child) {
  if (running_.contains(child)) ::kill(-child, SIGKILL);
}

void Children::wait_for_signal() {
  signals_.async_wait([this](const boost::system::error_code& ec, int) {
    if (ec) return;
    // Armed before we look: a child that ends in between is either seen now or signalled anew.
    wait_for_signal();
    reap();
  });
}

void Children::reap() {
  std::vector<std::pair<OnExit, ExitStatus>> ended;
  for (auto child = running_.begin(); child != running_.end();) {
    siginfo_t info{};
    const auto pid = static_cast<id_t>(child->first);
    if (::waitid(P_PID, pid, &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid == 0) {
      ++child;
      continue;
    }
    ::kill(-child->first, SIGKILL);
    ::waitid(P_PID, pid, &info, WEXITED | WNOHANG);
    ended.emplace_back(std::move(child->second), status_of(info));
    child = running_.erase(child);
  }
  for (const auto& [on_exit, status] : ended) on_exit(status);
}

}  // namespace simplevisor::handler
