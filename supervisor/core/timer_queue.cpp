#include "supervisor/core/timer_queue.hpp"

#include <utility>

namespace simplevisor::core {

std::uint32_t TimerQueue::position_of(NodeId node) const {
  const auto index = std::to_underlying(node);
  return index < positions_.size() ? positions_[index] : absent;
}

void TimerQueue::place(std::uint32_t position, const Entry& entry) {
  heap_[position] = entry;
  positions_[std::to_underlying(entry.node)] = position;
}

// Finds the place for `entry`, starting from the hole at `position`.
void TimerQueue::sift(std::uint32_t position, const Entry& entry) {
  while (position > 0) {
    const std::uint32_t parent = (position - 1) / 2;
    if (!before(entry, heap_[parent])) break;
    place(position, heap_[parent]);
    position = parent;
  }
  for (;;) {
    std::uint32_t child = 2 * position + 1;
    if (child >= heap_.size()) break;
    if (child + 1 < heap_.size() && before(heap_[child + 1], heap_[child])) ++child;
    if (!before(heap_[child], entry)) break;
    place(position, heap_[child]);
    position = child;
  }
  place(position, entry);
}

void TimerQueue::erase(std::uint32_t position) {
  positions_[std::to_underlying(heap_[position].node)] = absent;
  const Entry last = heap_.back();
  heap_.pop_back();
  if (position < heap_.size()) sift(position, last);
}

void TimerQueue::set(NodeId node, TimePoint deadline) {
  cancel(node);
  const auto index = std::to_underlying(node);
  if (index >= positions_.size()) positions_.resize(index + 1, absent);
  heap_.emplace_back();
  sift(static_cast<std::uint32_t>(heap_.size() - 1), Entry{deadline, ++sequence_, node});
}

void TimerQueue::cancel(NodeId node) {
  if (const auto position = position_of(node); position != absent) erase(position);
}

std::optional<TimePoint> TimerQueue::deadline_of(NodeId node) const {
  const auto position = position_of(node);
  if (position == absent) return std::nullopt;
  return heap_[position].deadline;
}

std::optional<TimePoint> TimerQueue::next() const {
  if (heap_.empty()) return std::nullopt;
  return heap_.front().deadline;
}

std::optional<NodeId> TimerQueue::pop_due(TimePoint now) {
  if (heap_.empty() || heap_.front().deadline > now) return std::nullopt;
  const NodeId node = heap_.front().node;
  erase(0);
  return node;
}

}  // namespace simplevisor::core
