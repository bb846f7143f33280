#include "supervisor/runtime/flood_gate.hpp"

#include <utility>

namespace simplevisor::runtime {

bool FloodGate::admit(std::size_t bytes, Time now) {
  if (now - begun_ >= window) {
    begun_ = now;
    lines_ = 0;
    bytes_ = 0;
  }
  const bool full =
      (limit_.lines > 0 && lines_ >= limit_.lines) || (limit_.bytes > 0 && bytes_ >= limit_.bytes);
  if (!full) {
    ++lines_;
    bytes_ += bytes;
    return true;
  }
  if (dropped_lines_ == 0) first_dropped_ = now;
  last_dropped_ = now;
  ++dropped_lines_;
  dropped_bytes_ += bytes;
  return false;
}

std::optional<FloodGate::Dropped> FloodGate::take_dropped(Time now, bool at_once) {
  if (dropped_lines_ == 0 || (!at_once && now - begun_ < window)) return std::nullopt;
  const auto during = std::chrono::duration_cast<std::chrono::milliseconds>(last_dropped_ - first_dropped_);
  return Dropped{std::exchange(dropped_lines_, 0), std::exchange(dropped_bytes_, 0), during};
}

std::optional<FloodGate::Time> FloodGate::due() const {
  if (dropped_lines_ == 0) return std::nullopt;
  return begun_ + window;
}

}  // namespace simplevisor::runtime
