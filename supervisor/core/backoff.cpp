#include "supervisor/core/backoff.hpp"

#include <algorithm>

namespace simplevisor::core {
namespace {

// splitmix64 (Steele, Lea, Flood): one step spreads a counter over all 64 bits.
double unit_interval(std::uint64_t seed) {
  seed += 0x9e3779b97f4a7c15;
  seed = (seed ^ (seed >> 30)) * 0xbf58476d1ce4e5b9;
  seed = (seed ^ (seed >> 27)) * 0x94d049bb133111eb;
  seed ^= seed >> 31;
  return static_cast<double>(seed >> 11) * 0x1.0p-53;
}

}  // namespace

Milliseconds backoff_delay(const Backoff& backoff, std::uint32_t restart, std::uint64_t seed) {
  if (backoff.initial <= Milliseconds{0} || restart == 0) return Milliseconds{0};
  const auto max = static_cast<double>(backoff.max.count());
  auto delay = static_cast<double>(backoff.initial.count());
  // Stops as soon as the bound is reached, so that neither a long row of restarts nor a big factor overflows.
  for (std::uint32_t n = 1; n < restart && delay < max && backoff.factor > 1.0; ++n) delay *= backoff.factor;
  delay = std::min(delay, max);
  delay -= delay * std::clamp(backoff.jitter, 0.0, 1.0) * unit_interval(seed);
  return Milliseconds{static_cast<Milliseconds::rep>(delay)};
}

}  // namespace simplevisor::core
