// supervisor/process/leftovers.hpp
//
// Finds and ends processes that outlived their worker by leaving its process group (double fork and
// setsid).
//
// Semantics  They are our children, since we are a sub-reaper, and they carry the environment their worker
//            was given. A child that is no worker and whose environment names a life that is over is
//            killed with its group. What has no such environment (it replaced it) is left alone and
//            counted: docs/decisions/leftovers.md.
// Cost       reads the list of our children, and one file for each that is no worker. Nothing on the way
//            of a restart: call it some time after ends, and when a worker was stopped.
// Safety     only our own unreaped children are signalled, so call it on the thread that reaps.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "supervisor/process/error.hpp"
#include "supervisor/process/syscalls.hpp"

namespace simplevisor::process {

// The value of NAME in a block of NAME=VALUE strings, each ended by a null byte; the first one counts.
[[nodiscard]] std::optional<std::string_view> find_in_environment(std::string_view block,
                                                                  std::string_view name);

// The pids of all children of all our threads, workers and orphans, in the order they came.
[[nodiscard]] Result<std::vector<pid_t>> children_of_ours(const Syscalls& syscalls = real_syscalls());

struct Sweep {
  std::size_t killed = 0;   // groups and processes sent SIGKILL; their ends arrive at the reaper
  std::size_t kept = 0;     // belong to a life that goes on
  std::size_t unknown = 0;  // carry no environment of ours
  // Had no environment at all when looked at, as every process has for a moment of its execve: look again.
  std::size_t unsettled = 0;
};

// `is_worker(pid)`: a worker's main process, never touched. `is_over(environment)`: what the kernel says was
// the environment of an orphan, as a block; true when the life it names has ended. Not called for orphans
// that hold no `marker` variable.
[[nodiscard]] Result<Sweep> sweep_leftovers(std::string_view marker,
                                            const std::function<bool(pid_t)>& is_worker,
                                            const std::function<bool(std::string_view)>& is_over,
                                            const Syscalls& syscalls = real_syscalls());

}  // namespace simplevisor::process
