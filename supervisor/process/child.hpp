// supervisor/process/child.hpp
//
// The half of a launch that runs in the child, in the memory of the parent, which sleeps until execve or
// exit.
//
// Rules      system calls only, through the table; no libc function that keeps state, no allocation, no
//            lock, no return. Everything the child says, it writes into the frame. This file's code is
//            compiled without sanitizers: they would take its stack for somebody else's.
#pragma once

#include <cstdint>

#include "supervisor/process/launch_plan.hpp"
#include "supervisor/process/syscalls.hpp"

namespace simplevisor::process {

struct ChildFrame {
  const LaunchPlan* plan = nullptr;
  const Syscalls* syscalls = nullptr;
  std::uint64_t dispositions = 0;  // bit n-1: signal n goes back to its default
  int null_fd = -1;                // -1: open /dev/null where it is needed
  // Not -1: the descriptor table is shared with the parent; leave it, with a copy of what is below this
  // number.
  int copy_descriptors_below = -1;

  // What went wrong, if anything; read by the parent once the child is gone or executing.
  volatile Stage stage = Stage::prepare;
  volatile int error = 0;
  volatile int detail = -1;
};

// The entry of clone; `frame` is a ChildFrame.
int run_child(void* frame);

}  // namespace simplevisor::process
