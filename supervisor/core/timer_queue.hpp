// supervisor/core/timer_queue.hpp
//
// At most one deadline per node, the earliest first. A binary heap that knows where each node's entry
// is, so that setting and cancelling cost O(log n) and no dead entry ever wakes anybody up.
//
// Order    equal deadlines fire in the order in which they were set.
// Threads  a plain value; its owner synchronises.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "supervisor/core/events.hpp"

namespace simplevisor::core {

class TimerQueue {
 public:
  void set(NodeId node, TimePoint deadline);  // replaces the node's earlier one
  void cancel(NodeId node);                   // nothing if it has none

  [[nodiscard]] std::optional<TimePoint> deadline_of(NodeId node) const;
  [[nodiscard]] std::optional<TimePoint> next() const;
  [[nodiscard]] std::size_t size() const { return heap_.size(); }

  // Takes out the earliest entry that is due, or nothing.
  std::optional<NodeId> pop_due(TimePoint now);

 private:
  struct Entry {
    TimePoint deadline;
    std::uint64_t sequence;
    NodeId node;
  };
  static constexpr std::uint32_t absent = 0xffffffff;

  static bool before(const Entry& a, const Entry& b) {
    return a.deadline != b.deadline ? a.deadline < b.deadline : a.sequence < b.sequence;
  }
  [[nodiscard]] std::uint32_t position_of(NodeId node) const;
  void place(std::uint32_t position, const Entry& entry);
  void sift(std::uint32_t position, const Entry& entry);
  void erase(std::uint32_t position);

  std::vector<Entry> heap_;
  std::vector<std::uint32_t> positions_;  // by node
  std::uint64_t sequence_ = 0;
};

}  // namespace simplevisor::core
