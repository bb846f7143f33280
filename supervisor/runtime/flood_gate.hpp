// supervisor/runtime/flood_gate.hpp
//
// Holds back what a worker prints beyond so many lines or bytes a second, and counts it.
//
// Semantics  windows of one second, the first beginning with the first line; what is within the limit goes through at once,
//            what is above it is dropped until the window ends.
// Threads    a plain value. Time is handed in, never decreasing.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace simplevisor::runtime {

struct FloodLimit {
  std::uint64_t lines = 0;  // a second; 0: no limit
  std::uint64_t bytes = 0;  // likewise

  [[nodiscard]] bool any() const { return lines > 0 || bytes > 0; }
};

class FloodGate {
 public:
  using Time = std::chrono::steady_clock::time_point;
  static constexpr std::chrono::seconds window{1};

  explicit FloodGate(FloodLimit limit) : limit_(limit) {}

  // Whether a line of `bytes` may go through.
  bool admit(std::size_t bytes, Time now);

  struct Dropped {
    std::uint64_t lines = 0;
    std::uint64_t bytes = 0;
    std::chrono::milliseconds during{0};
  };
  // What was dropped, when something was and its window is over (or `at_once`); it is then forgotten.
  std::optional<Dropped> take_dropped(Time now, bool at_once = false);
  // When take_dropped() will have something; none: nothing was dropped.
  [[nodiscard]] std::optional<Time> due() const;

 private:
  FloodLimit limit_;
  Time begun_{};  // of the window
  std::uint64_t lines_ = 0;
  std::uint64_t bytes_ = 0;
  std::uint64_t dropped_lines_ = 0;
  std::uint64_t dropped_bytes_ = 0;
  Time first_dropped_{};
  Time last_dropped_{};
};

}  // namespace simplevisor::runtime
