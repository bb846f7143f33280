// supervisor/runtime/line_mode.hpp
//
// What is kept of a worker whose output goes line by line. One of them for each, at one address as long as the worker is
// captured.
//
// Threads    the capture thread, but for `life`, which the supervision thread sets.
#pragma once

#include <atomic>
#include <cstdint>

#include "supervisor/runtime/output_policy.hpp"
#include "supervisor/runtime/unique_fd.hpp"

namespace simplevisor::runtime {

struct LineMode {
  explicit LineMode(const OutputPolicy& wanted) : policy(wanted), gate(wanted.flood) {}

  OutputPolicy policy;
  UniqueFd err;  // the FIFO of standard error, where it has one of its own
  std::atomic<std::uint64_t> life = 0;
  FloodGate gate;
};

}  // namespace simplevisor::runtime
