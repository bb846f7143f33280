// The extensions that make a tree wait: backoff and cool-down.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/core/scripted_tree.hpp"

namespace simplevisor::core::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

Child patient(const std::string& name, Backoff backoff) {
  ChildSpec spec;
  spec.name = name;
  spec.backoff = backoff;
  return worker(std::move(spec));
}

Backoff doubling() {
  Backoff backoff;
  backoff.initial = 100ms;
  backoff.factor = 2.0;
  backoff.max = 400ms;
  backoff.healthy_after = 10s;
  return backoff;
}

TEST(BackoffInATree, DelaysTheRestartsOfARowMoreAndMoreUpToItsMaximum) {
  ScriptedTree tree{supervisor("root", Strategy::one_for_one, {patient("a", doubling())})};
  tree.start();
  for (const Milliseconds delay : {100ms, 200ms, 400ms, 400ms}) {
    EXPECT_THAT(tree.crash("a"), IsEmpty());
    EXPECT_EQ(tree.waits("a"), delay);
    EXPECT_THAT(tree.advance(delay - 1ms), IsEmpty());
    EXPECT_THAT(tree.advance(1ms), ElementsAre("start a"));
  }
}

TEST(BackoffInATree, BeginsAnewAfterAHealthyTimeAndNotBefore) {
  ScriptedTree tree{supervisor("root", Strategy::one_for_one, {patient("a", doubling())})};
  tree.start();
  tree.crash("a");
  tree.advance(100ms);
  tree.advance(9999ms);
  tree.crash("a");
  EXPECT_EQ(tree.waits("a"), 200ms);
  tree.advance(200ms);
  tree.advance(10s);
  tree.crash("a");
  EXPECT_EQ(tree.waits("a"), 100ms);
}

TEST(BackoffInATree, DelaysTheRetryOfAStartThatFailedAsWell) {
  ScriptedTree tree{supervisor("root", Strategy::one_for_one, {patient("a", doubling())})};
  tree.start();
  tree.failing({{"a", 1}});
  tree.crash("a");
  EXPECT_THAT(tree.advance(100ms), ElementsAre("start a"));
  EXPECT_EQ(tree.state("a"), ChildState::restarting);
  EXPECT_THAT(tree.advance(199ms), IsEmpty());
  EXPECT_THAT(tree.advance(1ms), ElementsAre("start a"));
  EXPECT_EQ(tree.state("a"), ChildState::running);
}

TEST(BackoffInATree, StaysWithinTheBoundsOfItsJitterAndFollowsTheSeed) {
  Backoff jittery = doubling();
  jittery.jitter = 0.5;
  std::set<Milliseconds> seen;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    ScriptedTree tree{supervisor("root", Strategy::one_for_one, {patient("a", jittery)}), seed};
    tree.start();
    tree.crash("a");
    EXPECT_GE(tree.waits("a"), 50ms);
    EXPECT_LE(tree.waits("a"), 100ms);
    seen.insert(tree.waits("a"));
  }
  EXPECT_GT(seen.size(), 20u);
}

TEST(BackoffInATree, LeavesTheSupervisorFreeForOthers) {
  ScriptedTree tree{supervisor("root", Strategy::one_for_one, {patient("a", doubling()), worker("b")})};
  tree.start();
  tree.crash("a");
  EXPECT_THAT(tree.crash("b"), ElementsAre("start b"));
  EXPECT_THAT(tree.request(Request::Kind::restart_child, "root", "a"), ElementsAre("reply 1 restarting"));
}

TEST(BackoffInATree, IsOvertakenByTheRestartOfTheGroup) {
  ScriptedTree tree{supervisor("root", Strategy::one_for_all, {patient("a", doubling()), worker("b")})};
  tree.start();
  tree.crash("a");
  EXPECT_THAT(tree.crash("b"), ElementsAre("start a", "start b"));
  EXPECT_THAT(tree.advance(1min), IsEmpty());
}

TEST(BackoffInATree, CountsEveryRestartAlthoughItIsDelayed) {
  SupervisorSpec flags;
  flags.intensity = 2;
  flags.period = 1h;
  ScriptedTree tree{supervisor("root", Strategy::one_for_one, {patient("a", doubling())}, flags)};
  tree.start();
  tree.crash("a");
  tree.advance(100ms);
  tree.crash("a");
  tree.advance(200ms);
  EXPECT_THAT(tree.crash("a"), ElementsAre("gave_up root", "ended root"));
}

SupervisorSpec cooling() {
  SupervisorSpec flags;
  flags.intensity = 2;
  flags.period = 1h;
  flags.on_exhausted = OnExhausted::cool_down;
  flags.cool_down = 30s;
  return flags;
}

TEST(CoolDown, WaitsInsteadOfGivingUpAndLeavesTheOthersAlone) {
  ScriptedTree tree{supervisor("root", Strategy::one_for_one, {worker("a"), worker("b")}, cooling())};
  tree.start();
  tree.crash("a");
  tree.crash("a");
  EXPECT_THAT(tree.crash("a"), ElementsAre("cooling_down root"));
  EXPECT_EQ(tree.state("b"), ChildState::running);
  EXPECT_THAT(tree.advance(29'999ms), IsEmpty());
  EXPECT_THAT(tree.advance(1ms), ElementsAre("start a"));
}

TEST(CoolDown, BeginsANewHistory) {
  ScriptedTree tree{supervisor("root", Strategy::one_for_one, {worker("a")}, cooling())};
  tree.start();
  for (int round = 0; round < 3; ++round) {
    EXPECT_THAT(tree.crash("a"), ElementsAre("start a"));
    EXPECT_THAT(tree.crash("a"), ElementsAre("start a"));
    EXPECT_THAT(tree.crash("a"), ElementsAre("cooling_down root"));
    EXPECT_THAT(tree.advance(30s), ElementsAre("start a"));
  }
}

TEST(CoolDown, OfAGroupRestartsTheGroupWhenItIsOver) {
  ScriptedTree tree{supervisor("root", Strategy::one_for_all, {worker("a"), worker("b")}, cooling())};
  tree.start();
  tree.crash("a");
  tree.crash("a");
  EXPECT_THAT(tree.crash("a"), ElementsAre("cooling_down root"));
  EXPECT_THAT(tree.advance(30s), ElementsAre("stop b", "start a", "start b"));
}

TEST(CoolDown, EndsWithAStopRequestOrATermination) {
  ScriptedTree tree{supervisor("root", Strategy::one_for_one, {worker("a"), worker("b")}, cooling())};
  tree.start();
  tree.crash_all({"a"});
  tree.crash("a");
  tree.crash("a");
  EXPECT_THAT(tree.request(Request::Kind::terminate_child, "root", "a"), ElementsAre("reply 1 ok"));
  EXPECT_THAT(tree.advance(1min), IsEmpty());
  EXPECT_THAT(tree.stop_tree(), ElementsAre("stop b", "ended root"));
}

}  // namespace
}  // namespace simplevisor::core::testing
