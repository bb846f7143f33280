// supervisor/process/launcher.hpp
//
// Starts one process: clone(CLONE_VM | CLONE_VFORK), the stages of launch_plan.hpp in the child, execve.
//
// Semantics  launch() returns when the program is executing or could not be. A child that failed is reaped
//            before launch() returns: no zombie, and no exit to be seen elsewhere. Construct early, while
//            descriptor numbers are low: the launcher keeps /dev/null open.
// Cost       independent of the supervisor's memory and of the number of its descriptors: neither the page
//            tables nor the descriptor table are copied. With standard input null and nothing else
//            configured the system calls are: clone in the parent; close_range, setsid, dup2, close_range,
//            rt_sigprocmask, execve in the child.
// Errors     LaunchError: the stage and its errno.
// Threads    one launcher per thread (its stack is reused). Other threads may run.
// Why not    posix_spawn (no sessions with credentials, limits, cgroup; no stage in its errors) or fork
//            (copies the page tables: milliseconds in a large supervisor).
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <expected>

#include "supervisor/process/launch_plan.hpp"
#include "supervisor/process/syscalls.hpp"

namespace simplevisor::process {

// Whether launch() blocks all signals around clone. A handler of ours that ran in the child would run in our
// memory; where no handler is installed (everything arrives through a signalfd) there is nothing to block.
enum class SignalPolicy : std::uint8_t { block_around_clone, no_handlers_installed };

class Launcher {
 public:
  explicit Launcher(SignalPolicy policy = SignalPolicy::block_around_clone,
                    const Syscalls& syscalls = real_syscalls());
  Launcher(const Launcher&) = delete;
  Launcher& operator=(const Launcher&) = delete;
  ~Launcher();

  // The pid is that of our unreaped child, and that of its group or session, as plan.leads says.
  [[nodiscard]] std::expected<pid_t, LaunchError> launch(const LaunchPlan& plan);

  // Looks again for signals that are not at their default, which every child sets back to it. The constructor
  // did; needed only if a library changed one since. Nothing ignored and no handler: the child spends no
  // call.
  void note_dispositions();

 private:
  std::expected<void, LaunchError> map_stack();

  const Syscalls& syscalls_;
  SignalPolicy policy_;
  std::uint64_t dispositions_ = 0;  // bit n-1: signal n is ignored or handled by us
  void* stack_ = nullptr;           // mapped by the first launch: guard page, then the child's stack
  int null_fd_ = -1;                // /dev/null; -1: the child opens it itself
};

}  // namespace simplevisor::process
