// supervisor/runtime/measures.hpp
//
// What a supervisor counts for those who watch it over time. Everything is a counter over the life of the supervisor's
// process: who reads it twice has the difference.
//
// Cost       counting is an increment; a histogram looks through a dozen bounds. Nothing is kept per event.
// Threads    plain values; counted on the supervision thread, read as copies.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "supervisor/runtime/journal/event.hpp"

namespace simplevisor::runtime {

// How often a time fell where.
class Histogram {
 public:
  // Upper bounds, each of its bucket: from a quick restart to one that somebody notices.
  static constexpr std::array<std::chrono::microseconds, 14> bounds{
      std::chrono::microseconds{100},       std::chrono::microseconds{250},
      std::chrono::microseconds{500},       std::chrono::microseconds{1'000},
      std::chrono::microseconds{2'500},     std::chrono::microseconds{5'000},
      std::chrono::microseconds{10'000},    std::chrono::microseconds{25'000},
      std::chrono::microseconds{50'000},    std::chrono::microseconds{100'000},
      std::chrono::microseconds{250'000},   std::chrono::microseconds{1'000'000},
      std::chrono::microseconds{2'500'000}, std::chrono::microseconds{10'000'000}};

  void add(std::chrono::nanoseconds time) noexcept {
    std::size_t bucket = 0;
    while (bucket < bounds.size() && time > bounds[bucket]) ++bucket;
    ++counts_[bucket];
    sum_ += time;
  }
  // Of each bucket alone; the last is for what is above all bounds.
  [[nodiscard]] const std::array<std::uint64_t, bounds.size() + 1>& counts() const noexcept {
    return counts_;
  }
  [[nodiscard]] std::chrono::nanoseconds sum() const noexcept { return sum_; }

 private:
  std::array<std::uint64_t, bounds.size() + 1> counts_{};
  std::chrono::nanoseconds sum_{0};
};

// Ends of lives by journal::Cause, by its number.
using EndTally = std::array<std::uint32_t, static_cast<std::size_t>(journal::Cause::not_started) + 1>;

struct SupervisorTally {
  std::uint32_t starts = 0;
  std::uint32_t gave_up = 0;
  std::uint32_t cooled_down = 0;
};

// Of one node, beside its NodeStatus.
struct NodeMeasures {
  std::uint32_t starts = 0;  // of a worker's process; of a supervisor
  EndTally ends{};           // of workers
  SupervisorTally supervisor{};
  std::optional<std::chrono::system_clock::time_point> started{};  // the process that runs now
};

}  // namespace simplevisor::runtime
