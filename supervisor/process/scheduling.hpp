// supervisor/process/scheduling.hpp
//
// How a process that is launched stands among the others of the host: docs/decisions/precedence.md.
//
// Semantics  sched(7). Ahead: SCHED_FIFO, so before all ordinary ones, with SCHED_RESET_ON_FORK, so that what it starts is ordinary.
#pragma once

#include <sched.h>

#include <cstdint>

namespace simplevisor::process {

enum class Scheduling : std::uint8_t {
  ordinary,
  ahead,  // only from a thread that is: Launcher
};

// Of SCHED_FIFO. The thread is above those it launches, so that it can call them back.
inline constexpr int thread_priority = 2;
inline constexpr int worker_priority = 1;
inline constexpr int ahead_policy = SCHED_FIFO | SCHED_RESET_ON_FORK;

}  // namespace simplevisor::process
