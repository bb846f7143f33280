// tests/bench/harness/beacon_fifo.hpp
//
// The FIFO that workers write their beacons to (beacon.h). Cheaper for the worker than any socket, atomic,
// the same for every system, and it tells when the last worker is gone: each holds it open for writing as
// long as it lives.
//
// Memory   a megabyte in the kernel, 65,536 beacons; a full one would make workers wait, so that busy
//          measures read it every few milliseconds.
// Threads  a plain object of one thread.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "tests/bench/beacon.h"
#include "tests/bench/harness/error.hpp"
#include "tests/bench/harness/unique_fd.hpp"

namespace simplevisor::bench {

using Beacon = simplevisor_beacon;
using Clock = std::chrono::steady_clock;  // CLOCK_MONOTONIC, as in the beacons

class BeaconFifo {
 public:
  // Creates the FIFO. The harness holds a writing end too, so that it never reads end of file between two
  // workers.
  static Result<BeaconFifo> create(const std::string& path);

  // Appends what is there now, without waiting.
  Result<void> read_into(std::vector<Beacon>& beacons);

  // Waits until there is something to read, a signal arrives, or `until` is past.
  void wait(Clock::time_point until) const;

  // Lets go of the harness's own writing end: from now on `all_gone` tells whether a worker is left.
  void release() { writer_.reset(); }

  // Waits, until `until` at the most, for the last worker to close the FIFO. Requires release().
  [[nodiscard]] bool all_gone(Clock::time_point until);

 private:
  UniqueFd reader_;
  UniqueFd writer_;
};

}  // namespace simplevisor::bench
