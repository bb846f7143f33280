// supervisor/process/scheduling.hpp
//
// How a process that is launched stands among the others of the host: docs/decisions/precedence.md.
//
// Semantics  sched(7). Ahead: SCHED_FIFO, so before all ordinary ones, with SCHED_RESET_ON_FORK, so that what it starts is ordinary.
// Threads    be_ordinary() is about the calling one.
#pragma once

#include <cstdint>

namespace simplevisor::process {

enum class Scheduling : std::uint8_t {
  inherit,   // as the thread that launches it
  ordinary,  // although that thread is ahead
  ahead,
};

// Of SCHED_FIFO. The thread is above those it launches, so that it can call them back.
inline constexpr int thread_priority = 2;
inline constexpr int worker_priority = 1;

// Undoes what a new thread has inherited from one with thread_priority.
void be_ordinary() noexcept;

}  // namespace simplevisor::process
