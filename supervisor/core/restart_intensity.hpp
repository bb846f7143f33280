// supervisor/core/restart_intensity.hpp
//
// Decides whether a supervisor may restart once more or has to give up.
//
// Semantics  rules 24-29: give up when MORE than `max_restarts` fall within `period`; a restart exactly one
//            period old still counts (OTP counts whole seconds, inclusively; an exact clock is within that).
// Time       monotonic, handed in, never decreasing. Nothing here reads a clock.
// Errors     none. Memory: one time point per restart inside the window.
// Threads    a plain value; its owner synchronises.
#pragma once

#include <cstddef>
#include <vector>

#include "supervisor/core/spec.hpp"

namespace simplevisor::core {

class RestartIntensity {
 public:
  // Requires period > 0; the config loader turns anything else away.
  RestartIntensity(std::size_t max_restarts, Milliseconds period)
      : max_restarts_{max_restarts}, period_{period} {}

  // Records a restart at `now`. False means: do not restart, escalate.
  [[nodiscard]] bool allow(TimePoint now);

  // Restarts that count at `now`.
  [[nodiscard]] std::size_t count(TimePoint now) const;

  void forget() { times_.clear(), oldest_ = 0; }

 private:
  void drop_older_than_period(TimePoint now);

  std::size_t max_restarts_;
  Milliseconds period_;
  // In order of time; those before `oldest_` have left the window and wait to be erased together, so that a
  // restart costs the same however many others there were.
  std::vector<TimePoint> times_;
  std::size_t oldest_ = 0;
};

}  // namespace simplevisor::core
