#include "supervisor/process/leftovers.hpp"

#include <dirent.h>
#include <fmt/format.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <memory>

#include "supervisor/process/files.hpp"

namespace simplevisor::process {

namespace {

constexpr std::size_t children_bytes_max = 16u << 20;    // two million pids
constexpr std::size_t environment_bytes_max = 1u << 20;  // what is beyond is not searched

void append_pids(std::vector<pid_t>& pids, std::string_view text) {
  while (!text.empty()) {
    pid_t pid = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), pid);
    if (error == std::errc{}) pids.push_back(pid);
    const std::size_t space = text.find(' ', static_cast<std::size_t>(end - text.data()));
    if (space == std::string_view::npos) return;
    text.remove_prefix(space + 1);
  }
}

bool has_ended(const Syscalls& syscalls, pid_t pid) {
  siginfo_t info{};
  const long result = syscalls(SYS_waitid, P_PID, pid, &info, WEXITED | WNOHANG | WNOWAIT, nullptr);
  return result != 0 || info.si_pid != 0;
}

}  // namespace

std::optional<std::string_view> find_in_environment(std::string_view block, std::string_view name) {
  while (!block.empty()) {
    const std::string_view entry = block.substr(0, block.find('\0'));
    if (entry.size() > name.size() && entry.starts_with(name) && entry[name.size()] == '=') {
      return entry.substr(name.size() + 1);
    }
    block.remove_prefix(std::min(block.size(), entry.size() + 1));
  }
  return {};
}

Result<std::vector<pid_t>> children_of_ours(const Syscalls& syscalls) {
  const std::unique_ptr<DIR, int (*)(DIR*)> tasks{::opendir("/proc/self/task"), &::closedir};
  if (!tasks) return std::unexpected(system_error(errno, "cannot read /proc/self/task"));
  std::vector<pid_t> pids;
  while (const dirent* task = ::readdir(tasks.get())) {
    if (task->d_name[0] == '.') continue;
    const std::string path = fmt::format("/proc/self/task/{}/children", task->d_name);
    const auto text = read_file(syscalls, path, children_bytes_max);
    if (text) append_pids(pids, *text);
    // A thread may end while we look; its children went to another one and are found at the next sweep.
    else if (text.error() != ESRCH && text.error() != ENOENT) {
      return std::unexpected(system_error(text.error(), fmt::format("cannot read {}", path)));
    }
  }
  return pids;
}

Result<Sweep> sweep_leftovers(std::string_view marker, const std::function<bool(pid_t)>& is_worker,
                              const std::function<bool(std::string_view)>& is_over,
                              const Syscalls& syscalls) {
  auto children = children_of_ours(syscalls);
  if (!children) return std::unexpected(children.error());
  Sweep sweep;
  for (const pid_t pid : *children) {
    if (is_worker(pid) || has_ended(syscalls, pid)) continue;
    const auto environment = read_file(syscalls, fmt::format("/proc/{}/environ", pid), environment_bytes_max);
    if (environment && environment->empty()) {
      ++sweep.unsettled;
    } else if (!environment || !find_in_environment(*environment, marker)) {
      ++sweep.unknown;
    } else if (!is_over(*environment)) {
      ++sweep.kept;
    } else {
      // Its whole group if it leads one: those are its own children, and would be next.
      const bool leads = syscalls(SYS_getpgid, pid) == pid;
      if (syscalls(SYS_kill, leads ? -pid : pid, SIGKILL) == 0) ++sweep.killed;
    }
  }
  return sweep;
}

}  // namespace simplevisor::process
