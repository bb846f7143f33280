#include "supervisor/process/own_process.hpp"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include <algorithm>
#include <cerrno>
#include <csignal>

namespace simplevisor::process {

void reset_inherited_signals() {
  for (int signal = 1; signal < NSIG; ++signal) {
    if (signal == SIGKILL || signal == SIGSTOP) continue;
    struct sigaction action{};
    // Only what was inherited, which can be nothing but "ignored": a handler was installed by somebody in
    // this process.
    if (::sigaction(signal, nullptr, &action) != 0 || action.sa_handler != SIG_IGN) continue;
    action = {};
    action.sa_handler = SIG_DFL;
    ::sigaction(signal, &action, nullptr);
  }
  sigset_t mask;
  sigemptyset(&mask);
  sigaddset(&mask, SIGPIPE);
  ::pthread_sigmask(SIG_SETMASK, &mask, nullptr);
}

Result<void> ensure_standard_streams(const Syscalls& syscalls) {
  for (;;) {
    const long fd = syscalls(SYS_openat, AT_FDCWD, "/dev/null", O_RDWR);
    if (fd < 0) return std::unexpected(system_error(errno, "cannot open /dev/null"));
    if (fd <= 2) continue;  // it filled a gap
    syscalls(SYS_close, fd);
    return {};
  }
}

Result<DescriptorLimit> raise_descriptor_limit(rlim_t needed, const Syscalls& syscalls) {
  DescriptorLimit limit{};
  if (syscalls(SYS_prlimit64, 0, RLIMIT_NOFILE, nullptr, &limit.before) != 0) {
    return std::unexpected(system_error(errno, "cannot read the limit of open files"));
  }
  limit.now = limit.before;
  if (limit.before.rlim_cur >= needed) return limit;
  limit.now.rlim_cur = limit.before.rlim_max;
  if (limit.now.rlim_cur == limit.before.rlim_cur) return limit;
  if (syscalls(SYS_prlimit64, 0, RLIMIT_NOFILE, &limit.now, nullptr) != 0) {
    return std::unexpected(system_error(errno, "cannot raise the limit of open files"));
  }
  return limit;
}

bool has_controlling_terminal(const Syscalls& syscalls) {
  const long fd = syscalls(SYS_openat, AT_FDCWD, "/dev/tty", O_RDONLY | O_CLOEXEC | O_NOCTTY);
  if (fd >= 0) syscalls(SYS_close, fd);
  return fd >= 0 || (errno != ENXIO && errno != ENOENT);  // unknown: as if there were one
}

Result<void> become_subreaper(const Syscalls& syscalls) {
  if (syscalls(SYS_prctl, PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0) {
    return std::unexpected(system_error(errno, "cannot become a sub-reaper"));
  }
  return {};
}

}  // namespace simplevisor::process
