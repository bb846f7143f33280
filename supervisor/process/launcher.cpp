#include "supervisor/process/launcher.hpp"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <algorithm>
#include <cerrno>

#include "supervisor/process/child.hpp"

namespace simplevisor::process {

namespace {

constexpr std::size_t guard_bytes = 4096;
constexpr std::size_t stack_bytes = 256 * 1024;  // of which only the pages that are used exist
constexpr std::uint64_t all_signals = ~std::uint64_t{0};

// Above this, copying the descriptors below it would cost as much as copying the whole table.
constexpr int copied_descriptors_max = 256;

// The highest descriptor of ours the child uses.
int highest_source(const LaunchPlan& plan, int null_fd) {
  int highest = std::max(2, plan.cgroup_procs);
  for (const Stream& stream : plan.stdio) {
    if (stream.kind == Stream::Kind::null) highest = std::max(highest, null_fd);
    if (stream.kind == Stream::Kind::descriptor) highest = std::max(highest, stream.fd);
  }
  for (const Handover& handover : plan.keep) highest = std::max(highest, handover.from);
  return highest;
}

bool valid(const LaunchPlan& plan) {
  if (plan.executable == nullptr || plan.argv == nullptr || plan.envp == nullptr) return false;
  if (plan.stdio[0].kind == Stream::Kind::output || plan.stdio[1].kind == Stream::Kind::output) return false;
  if (plan.keep.size() > handovers_max) return false;
  return std::ranges::all_of(plan.keep, [](const Handover& h) { return h.from >= 0 && h.to >= 3; });
}

// As long as it lives, what this thread makes is ahead as it is itself: an ordinary process would wait for its turn before
// it could do anything about that. Not permitted: it waits.
class BornAhead {
 public:
  BornAhead(const Syscalls& syscalls, bool wanted) : syscalls_(syscalls), wanted_(wanted) {
    if (wanted_) set(SCHED_FIFO);
  }
  BornAhead(const BornAhead&) = delete;
  BornAhead& operator=(const BornAhead&) = delete;
  ~BornAhead() {
    if (wanted_) set(ahead_policy);
  }

 private:
  void set(int policy) const {
    const sched_param parameters{.sched_priority = thread_priority};
    syscalls_(SYS_sched_setscheduler, 0, policy, &parameters);
  }

  const Syscalls& syscalls_;
  bool wanted_;
};

// Blocks all signals for as long as it lives.
class AllSignalsBlocked {
 public:
  explicit AllSignalsBlocked(const Syscalls& syscalls) : syscalls_(syscalls) {
    syscalls_(SYS_rt_sigprocmask, SIG_SETMASK, &all_signals, &before_, sizeof before_);
  }
  AllSignalsBlocked(const AllSignalsBlocked&) = delete;
  AllSignalsBlocked& operator=(const AllSignalsBlocked&) = delete;
  ~AllSignalsBlocked() { syscalls_(SYS_rt_sigprocmask, SIG_SETMASK, &before_, nullptr, sizeof before_); }

 private:
  const Syscalls& syscalls_;
  std::uint64_t before_ = 0;
};

}  // namespace

Launcher::Launcher(SignalPolicy policy, const Syscalls& syscalls) : syscalls_(syscalls), policy_(policy) {
  note_dispositions();
  const long fd = syscalls_(SYS_openat, AT_FDCWD, "/dev/null", O_RDWR | O_CLOEXEC);
  if (fd >= 0 && fd < copied_descriptors_max) {
    null_fd_ = static_cast<int>(fd);
  } else if (fd >= 0) {
    syscalls_(SYS_close, fd);
  }
}

Launcher::~Launcher() {
  if (stack_ != nullptr) syscalls_(SYS_munmap, stack_, guard_bytes + stack_bytes);
  if (null_fd_ >= 0) syscalls_(SYS_close, null_fd_);
}

void Launcher::note_dispositions() {
  dispositions_ = 0;
  for (int signal = 1; signal < NSIG; ++signal) {
    struct sigaction action{};
    // Fails for the two that cannot change, and for those libc keeps for itself, which execve resets.
    if (::sigaction(signal, nullptr, &action) != 0) continue;
    if (action.sa_handler != SIG_DFL) dispositions_ |= std::uint64_t{1} << (signal - 1);
  }
}

std::expected<void, LaunchError> Launcher::map_stack() {
  void* stack = ::mmap(nullptr, guard_bytes + stack_bytes, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK | MAP_NORESERVE, -1, 0);
  if (stack == MAP_FAILED) return std::unexpected(LaunchError{Stage::prepare, errno});
  if (syscalls_(SYS_mprotect, stack, guard_bytes, PROT_NONE) != 0) {
    const int error = errno;
    syscalls_(SYS_munmap, stack, guard_bytes + stack_bytes);
    return std::unexpected(LaunchError{Stage::prepare, error});
  }
  stack_ = stack;
  return {};
}

std::expected<pid_t, LaunchError> Launcher::launch(const LaunchPlan& plan) {
  if (!valid(plan)) return std::unexpected(LaunchError{Stage::prepare, EINVAL});
  if (stack_ == nullptr) {
    if (auto mapped = map_stack(); !mapped) return std::unexpected(mapped.error());
  }

  ChildFrame frame{.plan = &plan, .syscalls = &syscalls_, .dispositions = dispositions_, .null_fd = null_fd_};
  int flags = CLONE_VM | CLONE_VFORK | SIGCHLD;
  const int copied = highest_source(plan, null_fd_) + 1;
  // An initialiser may use any descriptor, so it gets them all.
  if (plan.initialiser == nullptr && copied <= copied_descriptors_max) {
    frame.copy_descriptors_below = copied;
    flags |= CLONE_FILES;
  }
  if (plan.pidfd != nullptr) flags |= CLONE_PIDFD;

  const BornAhead born_ahead{syscalls_, plan.starts_ahead()};
  auto clone = [&] {
    void* stack_end = static_cast<char*>(stack_) + guard_bytes + stack_bytes;
    return syscalls_.clone(&run_child, stack_end, flags, &frame, plan.pidfd);
  };
  pid_t pid = -1;
  int error = 0;
  if (policy_ == SignalPolicy::no_handlers_installed) {
    pid = clone();
    error = errno;
  } else {
    const AllSignalsBlocked blocked{syscalls_};
    pid = clone();
    error = errno;
  }
  if (pid < 0) return std::unexpected(LaunchError{Stage::clone, error});
  if (frame.error == 0) return pid;

  // The child is on its way out, so this does not wait for anything that could be missing.
  while (syscalls_(SYS_waitid, P_PID, pid, nullptr, WEXITED, nullptr) < 0 && errno == EINTR) {
  }
  if (plan.pidfd != nullptr) syscalls_(SYS_close, *plan.pidfd);
  return std::unexpected(LaunchError{frame.stage, frame.error, frame.detail});
}

}  // namespace simplevisor::process
