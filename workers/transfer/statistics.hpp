// workers/transfer/statistics.hpp
//
// What was moved, and how fast: the lines that scripts know from stompclt, and the counters a supervisor reads.
//
// Time       from the first message received to the last one sent.
// Sizes      those of message::statistical_size.
// Threads    plain values.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "workers/transfer/machine.hpp"

namespace simplevisor::transfer {

class Statistics {
 public:
  void received(std::size_t bytes, TimePoint now);
  void sent(TimePoint now);

  [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_; }
  // One or three lines, each ended.
  [[nodiscard]] std::string text() const;

 private:
  std::uint64_t count_ = 0;
  std::uint64_t bytes_ = 0;
  TimePoint first_{};
  TimePoint last_{};
};

// One JSON object: counters, what is in hand, the last error.
[[nodiscard]] std::string status_json(const Counters& counters, std::uint64_t bytes, std::size_t pending,
                                      std::string_view state, std::string_view last_error);

}  // namespace simplevisor::transfer
