// tests/patience.hpp
//
// For tests of what happens when time runs out. Something has to happen before it does, and on a machine that is held up no short time
// is surely enough for that.
//
// Use        patiently(50ms, [&](std::chrono::milliseconds limit) { ...; return enough; });
//            `attempt` runs the whole scene with `limit`. It returns false, before it expects anything, when the time was
//            over too early, and is called again with ten times as much.
#pragma once

#include <gtest/gtest.h>

#include <chrono>

namespace simplevisor::testing {

template <class Attempt>
void patiently(std::chrono::milliseconds limit, const Attempt& attempt) {
  constexpr std::chrono::seconds longest{60};
  for (; limit <= longest; limit *= 10) {
    if (attempt(limit)) return;
  }
  ADD_FAILURE() << "not even " << limit.count() / 10 << " ms were enough";
}

}  // namespace simplevisor::testing
