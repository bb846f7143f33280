#include "supervisor/core/backoff.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <set>

namespace simplevisor::core {
namespace {

using namespace std::chrono_literals;

Backoff backoff(Milliseconds initial, double factor, Milliseconds max, double jitter = 0.0) {
  Backoff made;
  made.initial = initial;
  made.factor = factor;
  made.max = max;
  made.jitter = jitter;
  return made;
}

TEST(BackoffDelay, IsNothingWhenItIsOff) {
  for (std::uint32_t restart = 0; restart < 100; ++restart)
    EXPECT_EQ(backoff_delay(Backoff{}, restart, 1), 0ms);
}

TEST(BackoffDelay, BeginsWithTheInitialOneAndGrowsByTheFactorUpToTheMaximum) {
  const Backoff growing = backoff(100ms, 2.0, 1s);
  EXPECT_EQ(backoff_delay(growing, 1, 1), 100ms);
  EXPECT_EQ(backoff_delay(growing, 2, 1), 200ms);
  EXPECT_EQ(backoff_delay(growing, 3, 1), 400ms);
  EXPECT_EQ(backoff_delay(growing, 4, 1), 800ms);
  EXPECT_EQ(backoff_delay(growing, 5, 1), 1s);
  EXPECT_EQ(backoff_delay(growing, 6, 1), 1s);
}

TEST(BackoffDelay, StaysTheSameWithAFactorOfOne) {
  EXPECT_EQ(backoff_delay(backoff(100ms, 1.0, 1s), std::numeric_limits<std::uint32_t>::max(), 1), 100ms);
}

TEST(BackoffDelay, NeverExceedsTheMaximumEvenWhenTheInitialOneDoes) {
  EXPECT_EQ(backoff_delay(backoff(5s, 2.0, 1s), 1, 1), 1s);
}

TEST(BackoffDelay, DoesNotOverflowHoweverLongTheRowAndBigTheFactor) {
  EXPECT_EQ(backoff_delay(backoff(1ms, 1e300, 24h), 4'000'000'000u, 1), 24h);
}

TEST(BackoffDelay, IsShortenedByJitterAtMostAndDiffersFromSeedToSeed) {
  const Backoff jittery = backoff(1s, 2.0, 30s, 0.25);
  std::set<Milliseconds> seen;
  for (std::uint64_t seed = 0; seed < 2000; ++seed) {
    const Milliseconds delay = backoff_delay(jittery, 1, seed);
    EXPECT_GE(delay, 750ms);
    EXPECT_LE(delay, 1s);
    seen.insert(delay);
  }
  EXPECT_GT(seen.size(), 200u);
  EXPECT_LT(*seen.begin(), 760ms);
  EXPECT_GT(*seen.rbegin(), 990ms);
}

TEST(BackoffDelay, IsTheSameForTheSameSeed) {
  const Backoff jittery = backoff(1s, 2.0, 30s, 1.0);
  for (std::uint64_t seed = 0; seed < 100; ++seed)
    EXPECT_EQ(backoff_delay(jittery, 3, seed), backoff_delay(jittery, 3, seed));
}

}  // namespace
}  // namespace simplevisor::core
