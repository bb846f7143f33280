// tests/bench/harness/noise.hpp
//
// How much of the processors others used while something was measured: what was busy, less what the harness
// and everything it started used. The latter is known only when all of it has ended and was waited for (the
// harness is their sub-reaper), so a NoiseMeter spans a whole session.
//
// Accuracy  the kernel tells idle time in steps of 10 ms; a session should last some 200 ms or longer.
//           Interrupts and kernel threads count as others: a busy session of ours shows a few per cent.
#pragma once

#include <chrono>

namespace simplevisor::bench {

class NoiseMeter {
 public:
  NoiseMeter();  // starts to count

  // 0 .. 1: the share of all processors that others used since.
  [[nodiscard]] double share() const;

 private:
  struct Reading {
    std::chrono::steady_clock::time_point at;
    std::chrono::duration<double> idle;  // of all processors together
    std::chrono::duration<double> own;
  };
  static Reading read();

  Reading begin_;
};

}  // namespace simplevisor::bench
