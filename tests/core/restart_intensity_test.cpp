// Rules 24 to 29.
#include "supervisor/core/restart_intensity.hpp"

#include <gtest/gtest.h>

#include <deque>
#include <random>

namespace simplevisor::core {
namespace {

using namespace std::chrono_literals;

TimePoint at(Milliseconds time) {
  return TimePoint{} + 1h + time;
}

TEST(RestartIntensity, ZeroGivesUpAtTheFirstRestart) {
  RestartIntensity history{0, 5s};
  EXPECT_FALSE(history.allow(at(0ms)));
}

TEST(RestartIntensity, AllowsAsManyRestartsAsItSaysAndNotOneMore) {
  RestartIntensity history{3, 5s};
  EXPECT_TRUE(history.allow(at(0ms)));
  EXPECT_TRUE(history.allow(at(0ms)));
  EXPECT_TRUE(history.allow(at(1ms)));
  EXPECT_FALSE(history.allow(at(2ms)));
}

TEST(RestartIntensity, CountsARestartThatIsExactlyOnePeriodOld) {
  RestartIntensity history{1, 5s};
  EXPECT_TRUE(history.allow(at(0ms)));
  EXPECT_FALSE(history.allow(at(5000ms)));
}

TEST(RestartIntensity, ForgetsARestartThatIsOlderThanThePeriod) {
  RestartIntensity history{1, 5s};
  EXPECT_TRUE(history.allow(at(0ms)));
  EXPECT_TRUE(history.allow(at(5001ms)));
  EXPECT_FALSE(history.allow(at(5002ms)));
}

TEST(RestartIntensity, LetsEveryEntryLeaveTheWindowByItself) {
  RestartIntensity history{2, 10s};
  EXPECT_TRUE(history.allow(at(0s)));
  EXPECT_TRUE(history.allow(at(6s)));
  EXPECT_TRUE(history.allow(at(11s)));  // the one at 0 s is gone, the one at 6 s is not
  EXPECT_FALSE(history.allow(at(12s)));
}

TEST(RestartIntensity, CountsTheRefusedRestartToo) {
  RestartIntensity history{1, 5s};
  EXPECT_TRUE(history.allow(at(0s)));
  EXPECT_FALSE(history.allow(at(1s)));
  EXPECT_EQ(history.count(at(1s)), 2u);
}

TEST(RestartIntensity, StartsAnewWhenToldToForget) {
  RestartIntensity history{1, 5s};
  EXPECT_TRUE(history.allow(at(0s)));
  history.forget();
  EXPECT_EQ(history.count(at(0s)), 0u);
  EXPECT_TRUE(history.allow(at(0s)));
}

TEST(RestartIntensity, AgreesWithANaiveModel) {
  std::mt19937_64 random{20};
  for (int round = 0; round < 50; ++round) {
    const std::size_t most = random() % 6;
    const Milliseconds period{1 + random() % 50};
    RestartIntensity history{most, period};
    std::deque<TimePoint> model;
    TimePoint now = at(0ms);
    for (int step = 0; step < 300; ++step) {
      now += Milliseconds{random() % 20};
      std::erase_if(model, [&](TimePoint time) { return now - time > period; });
      ASSERT_EQ(history.count(now), model.size()) << "round " << round << " step " << step;
      model.push_back(now);
      ASSERT_EQ(history.allow(now), model.size() <= most) << "round " << round << " step " << step;
    }
  }
}

}  // namespace
}  // namespace simplevisor::core
