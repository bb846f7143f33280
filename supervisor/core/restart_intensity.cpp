#include "supervisor/core/restart_intensity.hpp"

#include <algorithm>

namespace simplevisor::core {

void RestartIntensity::drop_older_than_period(TimePoint now) {
  while (oldest_ < times_.size() && now - times_[oldest_] > period_) ++oldest_;
  if (oldest_ * 2 >= times_.size()) {
    times_.erase(times_.begin(), times_.begin() + static_cast<std::ptrdiff_t>(oldest_));
    oldest_ = 0;
  }
}

bool RestartIntensity::allow(TimePoint now) {
  drop_older_than_period(now);
  times_.push_back(now);
  return times_.size() - oldest_ <= max_restarts_;
}

std::size_t RestartIntensity::count(TimePoint now) const {
  const auto begin = times_.begin() + static_cast<std::ptrdiff_t>(oldest_);
  const auto inside =
      std::find_if(begin, times_.end(), [&](TimePoint time) { return now - time <= period_; });
  return static_cast<std::size_t>(times_.end() - inside);
}

}  // namespace simplevisor::core
