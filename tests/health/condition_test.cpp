#include "supervisor/health/condition.hpp"

#include <gtest/gtest.h>

namespace simplevisor::health {
namespace {

using namespace std::chrono_literals;
using Ready = MonitorSpec::Ready;

constexpr TimePoint start{1000s};
const NotifyMessage says_ready{.ready = true};
const NotifyMessage says_watchdog{.watchdog = true};
const NotifyMessage says_stopping{.stopping = true};

MonitorSpec spec(Ready ready, Milliseconds start_timeout = 10s, Milliseconds watchdog = 0ms) {
  return {.ready = ready, .after = 3s, .start_timeout = start_timeout, .watchdog = watchdog};
}

TEST(Condition, OfExecIsReadyOnceLaunched) {
  Condition condition{spec(Ready::exec)};
  EXPECT_EQ(condition.started(start), Verdict::ready);
  EXPECT_EQ(condition.next_deadline(), std::nullopt);
}

TEST(Condition, OfAfterIsReadyWhenItsTimeHasPassed) {
  Condition condition{spec(Ready::after)};
  EXPECT_EQ(condition.started(start), std::nullopt);
  EXPECT_EQ(condition.next_deadline(), start + 3s);
  EXPECT_EQ(condition.tick(start + 2999ms), std::nullopt);
  EXPECT_EQ(condition.tick(start + 3s), Verdict::ready);
}

TEST(Condition, OfNotifyIsReadyWhenItSaysSo) {
  Condition condition{spec(Ready::notify)};
  condition.started(start);
  EXPECT_EQ(condition.heard(says_ready, start + 1s), Verdict::ready);
  EXPECT_EQ(condition.heard(says_ready, start + 2s), std::nullopt) << "only once";
  EXPECT_EQ(condition.tick(start + 1h), std::nullopt) << "the start timeout ends with readiness";
}

TEST(Condition, OfFdIsReadyAtTheNewline) {
  Condition condition{spec(Ready::fd)};
  condition.started(start);
  EXPECT_EQ(condition.heard(says_ready, start), std::nullopt) << "that is another way of being ready";
  EXPECT_EQ(condition.newline(start), Verdict::ready);
  EXPECT_EQ(condition.descriptor_closed(), std::nullopt) << "it may close it now";
}

TEST(Condition, OfFdIsNotReadyWhenTheDescriptorCloses) {
  Condition condition{spec(Ready::fd)};
  condition.started(start);
  EXPECT_EQ(condition.descriptor_closed(), Verdict::not_ready);
  EXPECT_EQ(condition.tick(start + 1h), std::nullopt) << "nothing more is said of this life";
}

TEST(Condition, IsLateAfterTheStartTimeout) {
  for (const Ready ready : {Ready::notify, Ready::fd}) {
    Condition condition{spec(ready)};
    condition.started(start);
    EXPECT_EQ(condition.tick(start + 9999ms), std::nullopt);
    EXPECT_EQ(condition.tick(start + 10s), Verdict::start_timeout);
    EXPECT_EQ(condition.tick(start + 20s), std::nullopt);
    EXPECT_EQ(condition.next_deadline(), std::nullopt);
  }
}

TEST(Condition, IsNeverLateWithoutAStartTimeout) {
  Condition condition{spec(Ready::notify, 0ms)};
  condition.started(start);
  EXPECT_EQ(condition.next_deadline(), std::nullopt);
}

TEST(Condition, MayAskForMoreTimeToStartButNotForLess) {
  Condition condition{spec(Ready::notify)};
  condition.started(start);
  condition.heard({.extend_timeout = 30s}, start + 5s);
  EXPECT_EQ(condition.next_deadline(), start + 35s);
  condition.heard({.extend_timeout = 1s}, start + 6s);
  EXPECT_EQ(condition.next_deadline(), start + 35s);
  EXPECT_EQ(condition.tick(start + 35s), Verdict::start_timeout);
}

TEST(Condition, IsHungWithoutASignOfLife) {
  Condition condition{spec(Ready::notify, 10s, 2s)};
  condition.started(start);
  EXPECT_EQ(condition.tick(start + 3s), std::nullopt) << "the watchdog waits for readiness";
  condition.heard(says_ready, start + 5s);
  condition.heard(says_watchdog, start + 6s);
  EXPECT_EQ(condition.tick(start + 7s), std::nullopt);
  EXPECT_EQ(condition.next_deadline(), start + 8s);
  EXPECT_EQ(condition.tick(start + 8s), Verdict::watchdog_expired);
}

TEST(Condition, ChangesItsWatchdogWhenAsked) {
  Condition condition{spec(Ready::exec, 0ms, 2s)};
  condition.started(start);
  condition.heard({.watchdog_period = 60s}, start + 1s);
  EXPECT_EQ(condition.next_deadline(), start + 61s);
  condition.heard({.watchdog_period = 0us}, start + 2s);
  EXPECT_EQ(condition.next_deadline(), std::nullopt);
}

TEST(Condition, IsHungWhenItSaysSo) {
  Condition condition{spec(Ready::exec, 0ms, 2s)};
  condition.started(start);
  EXPECT_EQ(condition.heard({.watchdog_trigger = true}, start), Verdict::watchdog_expired);
}

TEST(Condition, IsNeitherLateNorHungWhileItStops) {
  for (const bool by_itself : {true, false}) {
    Condition condition{spec(Ready::exec, 0ms, 2s)};
    condition.started(start);
    if (by_itself) {
      EXPECT_EQ(condition.heard(says_stopping, start), Verdict::stopping);
    } else {
      condition.stopping();
    }
    EXPECT_TRUE(condition.is_stopping());
    EXPECT_EQ(condition.tick(start + 1h), std::nullopt);
    EXPECT_EQ(condition.heard(says_stopping, start), std::nullopt);
  }
}

TEST(Condition, HearsNothingBeforeTheLaunch) {
  Condition condition{spec(Ready::notify)};
  EXPECT_EQ(condition.heard(says_ready, start), std::nullopt);
  EXPECT_EQ(condition.newline(start), std::nullopt);
  EXPECT_EQ(condition.tick(start), std::nullopt);
}

TEST(MonitorSpec, NeedsAMonitorOnlyForReadinessOrAWatchdog) {
  EXPECT_FALSE(spec(Ready::exec).needs_monitor());
  EXPECT_TRUE(spec(Ready::exec, 0ms, 1s).needs_monitor());
  EXPECT_TRUE(spec(Ready::exec, 0ms, 1s).needs_socket());
  EXPECT_TRUE(spec(Ready::fd).needs_monitor());
  EXPECT_FALSE(spec(Ready::fd).needs_socket());
}

}  // namespace
}  // namespace simplevisor::health
