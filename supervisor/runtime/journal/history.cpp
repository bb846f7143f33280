#include "supervisor/runtime/journal/history.hpp"

#include <utility>

namespace simplevisor::runtime::journal {

void History::add(Time time, const End& end, std::optional<Kind> action) {
  const Packed packed{
      time.time_since_epoch().count(), end.lived.count(), static_cast<std::int16_t>(end.status),
      std::to_underlying(end.cause),   end.by_signal,     action ? std::to_underlying(*action) : undecided};
  ++total;
  if (ends_.size() < ends_max) {
    ends_.push_back(packed);
    return;
  }
  ends_[oldest_] = packed;
  oldest_ = (oldest_ + 1) % ends_max;
}

void History::decided(Kind action) {
  if (ends_.empty()) return;
  Packed& last = ends_[(oldest_ + ends_.size() - 1) % ends_.size()];
  if (last.action == undecided) last.action = std::to_underlying(action);
}

std::vector<History::Entry> History::entries() const {
  std::vector<Entry> all;
  all.reserve(ends_.size());
  for (std::size_t n = 0; n < ends_.size(); ++n) {
    const Packed& packed = ends_[(oldest_ + n) % ends_.size()];
    all.push_back({Time{std::chrono::microseconds{packed.time_us}},
                   End{.cause = Cause{packed.cause},
                       .status = packed.status,
                       .by_signal = packed.by_signal,
                       .lived = std::chrono::milliseconds{packed.lived_ms}},
                   packed.action == undecided ? std::nullopt : std::optional{Kind{packed.action}}});
  }
  return all;
}

}  // namespace simplevisor::runtime::journal
