// supervisor/core/backoff.hpp
//
// How long a child waits before its n-th restart in a row (an extension; OTP restarts at once).
//
// Randomness  none in here: jitter is a hash of `seed`, so a replay waits exactly as long.
// Threads     pure function.
#pragma once

#include <cstdint>

#include "supervisor/core/spec.hpp"

namespace simplevisor::core {

// `restart` counts from 1. Never more than `backoff.max`, never less than zero; zero when backoff is off.
[[nodiscard]] Milliseconds backoff_delay(const Backoff& backoff, std::uint32_t restart, std::uint64_t seed);

}  // namespace simplevisor::core
