#include "workers/broker/endpoints.hpp"

#include <algorithm>
#include <cassert>
#include <numeric>
#include <utility>

namespace simplevisor::broker {

Endpoints::Endpoints(Address address, std::uint32_t seed) : address_{std::move(address)}, random_{seed} {
  assert(!address_.endpoints.empty());
  order_.resize(address_.endpoints.size());
  std::iota(order_.begin(), order_.end(), std::size_t{0});
  position_ = order_.size();  // the first next() begins a pass
}

std::optional<Endpoints::Try> Endpoints::next() {
  const auto& most = address_.failover.reconnects_max;
  if (most && tries_ > *most) return std::nullopt;
  ++tries_;
  std::chrono::milliseconds delay{0};
  if (position_ == order_.size()) {
    delay = delay_of_pass();
    begin_pass();
  }
  return Try{address_.endpoints[order_[position_++]], delay};
}

void Endpoints::succeeded() {
  tries_ = 0;
  passes_ = 1;
  delay_ms_ = 0;
  position_ = order_.size();
}

std::chrono::milliseconds Endpoints::delay_of_pass() {
  if (passes_ == 0) return std::chrono::milliseconds{0};
  const Failover& failover = address_.failover;
  const auto most = static_cast<double>(failover.delay_max.count());
  if (delay_ms_ == 0 || !failover.exponential) {
    delay_ms_ = static_cast<double>(failover.initial_delay.count());
  } else {
    delay_ms_ *= failover.multiplier;
  }
  delay_ms_ = std::min(delay_ms_, most);
  return std::chrono::milliseconds{static_cast<std::int64_t>(delay_ms_)};
}

void Endpoints::begin_pass() {
  ++passes_;
  position_ = 0;
  if (address_.failover.randomize) std::ranges::shuffle(order_, random_);
}

}  // namespace simplevisor::broker
