// supervisor/process/own_process.hpp
//
// What a supervisor does to itself before it starts anything, so that its children need not undo it.
//
// Threads    call from main, before other threads start.
#pragma once

#include <sys/resource.h>

#include "supervisor/process/error.hpp"
#include "supervisor/process/syscalls.hpp"

namespace simplevisor::process {

// Sets every signal to its default and empties the mask, whatever our parent left us (nohup ignores SIGHUP,
// shells ignore SIGINT of background jobs), then blocks SIGPIPE: a broken log pipe becomes EPIPE, and, unlike
// an ignored signal, a blocked one costs the children nothing, since they set their mask anyway.
void reset_inherited_signals();

// Opens /dev/null where descriptor 0, 1 or 2 is closed: the next file we open would become a worker's output.
[[nodiscard]] Result<void> ensure_standard_streams(const Syscalls& syscalls = real_syscalls());

struct DescriptorLimit {
  rlimit before;  // what workers shall get back: LaunchPlan::limits, only if `raised`
  rlimit now;
  [[nodiscard]] bool raised() const { return now.rlim_cur != before.rlim_cur; }
};

// Raises our soft RLIMIT_NOFILE to the hard one unless it is `needed` already. Workers that use select(2)
// break with a large one, hence `before`. Never lowers; fails only if the limit cannot be read or set.
// `now.rlim_cur` below `needed` is for the caller to report.
[[nodiscard]] Result<DescriptorLimit> raise_descriptor_limit(rlim_t needed = RLIM_INFINITY,
                                                             const Syscalls& syscalls = real_syscalls());

// Whether programs we start could be reached by, or read from, the terminal we were started on.
[[nodiscard]] bool has_controlling_terminal(const Syscalls& syscalls = real_syscalls());

// From now on orphaned descendants become our children, instead of init's. Kept across exec.
[[nodiscard]] Result<void> become_subreaper(const Syscalls& syscalls = real_syscalls());

}  // namespace simplevisor::process
