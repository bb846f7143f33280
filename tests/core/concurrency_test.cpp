// The extensions that give up order, or waiting: ordered = false, initial instances, hold, slow starts, Hurry.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/core/scripted_tree.hpp"

namespace simplevisor::core::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr auto terminate = Request::Kind::terminate_child;
constexpr auto restart = Request::Kind::restart_child;

SupervisorSpec unordered(std::size_t max_concurrent) {
  SupervisorSpec spec = often();
  spec.ordered = false;
  spec.max_concurrent = max_concurrent;
  return spec;
}

Child slow(const std::string& name) {
  ChildSpec spec;
  spec.name = name;
  spec.slow_start = true;
  return worker(std::move(spec));
}

TEST(Unordered, StartsAsManyAtATimeAsItMay) {
  ScriptedTree tree{
      supervisor("root", Strategy::one_for_one, {worker("a"), worker("b"), worker("c")}, unordered(2))};
  tree.manual({"a", "b", "c"});
  EXPECT_THAT(tree.start(), ElementsAre("start a", "start b"));
  EXPECT_THAT(tree.ready("b"), ElementsAre("start c"));
  EXPECT_THAT(tree.ready("c"), IsEmpty());
  EXPECT_THAT(tree.ready("a"), ElementsAre("up root"));
}

TEST(Unordered, StopsAsManyAtATimeAsItMay) {
  ScriptedTree tree{
      supervisor("root", Strategy::one_for_one, {worker("a"), worker("b"), worker("c")}, unordered(2))};
  tree.start();
  tree.manual({"a", "b", "c"});
  EXPECT_THAT(tree.stop_tree(), ElementsAre("stop c", "stop b"));
  EXPECT_THAT(tree.gone("b"), ElementsAre("stop a"));
  EXPECT_THAT(tree.gone("c"), IsEmpty());
  EXPECT_THAT(tree.gone("a"), ElementsAre("ended root"));
}

TEST(Unordered, RestartsChildrenWithoutWaitingForEachOther) {
  ScriptedTree tree{supervisor("root", Strategy::one_for_one, {worker("a"), worker("b")}, unordered(2))};
  tree.start();
  tree.manual({"a", "b"});
  EXPECT_THAT(tree.crash_all({"a", "b"}), ElementsAre("start a", "start b"));
}

TEST(Unordered, MakesADeathWaitWhileItsPlacesAreTaken) {
  ScriptedTree tree{supervisor("root", Strategy::one_for_one, {worker("a"), worker("b")}, unordered(1))};
  tree.start();
  tree.manual({"a", "b"});
  EXPECT_THAT(tree.crash_all({"a", "b"}), ElementsAre("start a"));
  EXPECT_THAT(tree.ready("a"), ElementsAre("start b"));
}

TEST(Unordered, DoesNotChangeGroups) {
  ScriptedTree tree{supervisor("root", Strategy::one_for_all, {worker("a"), worker("b")}, unordered(10))};
  tree.manual({"a", "b"});
  EXPECT_THAT(tree.start(), ElementsAre("start a"));
  EXPECT_THAT(tree.ready("a"), ElementsAre("start b"));
  tree.ready("b");
  EXPECT_THAT(tree.crash("a"), ElementsAre("stop b"));
  EXPECT_THAT(tree.gone("b"), ElementsAre("start a"));
}

TEST(Instances, StartWithTheirSupervisorNumberedFromOne) {
  SupervisorSpec pool = often();
  pool.initial_instances = 3;
  ScriptedTree tree{supervisor("root", Strategy::simple_one_for_one, {worker("w")}, pool)};
  EXPECT_THAT(tree.start(), ElementsAre("start w#1", "start w#2", "start w#3", "up root"));
  EXPECT_THAT(tree.crash("w#2"), ElementsAre("start w#2"));
}

TEST(Instances, ThatCannotStartUndoTheStartOfTheirSupervisor) {
  SupervisorSpec pool = often();
  pool.initial_instances = 3;
  ScriptedTree tree{supervisor("root", Strategy::simple_one_for_one, {worker("w")}, pool)};
  tree.failing({{"w#2", 1}});
  EXPECT_THAT(tree.start(), ElementsAre("start w#1", "start w#2", "stop w#1", "failed root"));
}

TEST(Hold, KeepsAChildStoppedThroughTheRestartOfItsGroup) {
  ScriptedTree tree{supervisor("root", Strategy::one_for_all, {worker("a"), worker("b"), worker("c")})};
  tree.start();
  EXPECT_THAT(tree.request(terminate, "root", "b", true), ElementsAre("stop b", "reply 1 ok"));
  EXPECT_THAT(tree.crash("a"), ElementsAre("stop c", "start a", "start c"));
}

TEST(Hold, KeepsAChildStoppedThroughTheRestartOfItsSupervisor) {
  ScriptedTree tree{supervisor("root", Strategy::one_for_one,
                               {supervisor("s", Strategy::one_for_one, {worker("a"), worker("b")})})};
  tree.start();
  tree.request(terminate, "s", "a", true);
  tree.request(terminate, "root", "s");
  EXPECT_THAT(tree.request(restart, "root", "s"), ElementsAre("start b", "up s", "reply 3 ok"));
}

TEST(Hold, EndsWithTheWishToStartTheChild) {
  ScriptedTree tree{supervisor("root", Strategy::one_for_all, {worker("a"), worker("b")})};
  tree.start();
  tree.request(terminate, "root", "b", true);
  EXPECT_THAT(tree.request(restart, "root", "b"), ElementsAre("start b", "reply 2 ok"));
  EXPECT_THAT(tree.crash("a"), ElementsAre("stop b", "start a", "start b"));
}

TEST(Hold, IsNotMeantByAPlainTermination) {  // rule 19
  ScriptedTree tree{supervisor("root", Strategy::one_for_all, {worker("a"), worker("b")})};
  tree.start();
  tree.request(terminate, "root", "b");
  EXPECT_THAT(tree.crash("a"), ElementsAre("start a", "start b"));
}

TEST(SlowStart, IsNotWaitedForByAStopRequest) {
  ScriptedTree tree{supervisor("root", Strategy::one_for_one, {slow("a"), worker("b")})};
  tree.start();
  tree.manual({"a"});
  EXPECT_THAT(tree.crash("a"), ElementsAre("start a"));
  EXPECT_THAT(tree.stop_tree(), ElementsAre("stop b", "stop a"));
  EXPECT_THAT(tree.gone("a"), ElementsAre("ended root"));
}

TEST(SlowStart, IsWaitedForByOtherRequests) {
  ScriptedTree tree{supervisor("root", Strategy::one_for_one, {slow("a"), worker("b")})};
  tree.start();
  tree.manual({"a"});
  tree.crash("a");
  EXPECT_THAT(tree.request(terminate, "root", "b"), IsEmpty());
  EXPECT_THAT(tree.ready("a"), ElementsAre("stop b", "reply 1 ok"));
}

TEST(SlowStart, OfAGrandchildIsNotWaitedForEither) {
  ScriptedTree tree{
      supervisor("root", Strategy::one_for_one,
                 {supervisor("s", Strategy::one_for_one, {worker("a"), slow("b")}), worker("c")})};
  tree.start();
  tree.request(terminate, "root", "s");
  tree.manual({"b"});
  tree.request(restart, "root", "s");
  EXPECT_THAT(tree.stop_tree(), ElementsAre("stop c", "stop b"));
  EXPECT_THAT(tree.gone("b"), ElementsAre("stop a", "failed s", "reply 2 start_failed", "ended root"));
}

TEST(SlowStart, ThatBeginsAfterTheStopRequestIsNotWaitedForEither) {
  ScriptedTree tree{
      supervisor("root", Strategy::one_for_one,
                 {supervisor("s", Strategy::one_for_one, {worker("a"), slow("b")}), worker("c")})};
  tree.start();
  tree.request(terminate, "root", "s");
  tree.manual({"a", "b"});
  tree.request(restart, "root", "s");
  EXPECT_THAT(tree.stop_tree(), IsEmpty());  // a quick start is waited for, as OTP does
  EXPECT_THAT(tree.ready("a"), ElementsAre("start b", "stop c", "stop b"));
}

TEST(SlowStart, AmongUnorderedSiblingsIsNotWaitedForEither) {
  ScriptedTree tree{supervisor(
      "root", Strategy::one_for_one,
      {supervisor("s", Strategy::one_for_one, {slow("a"), slow("b")}, unordered(1)), worker("c")})};
  tree.start();
  tree.request(terminate, "root", "s");
  tree.manual({"a", "b"});
  EXPECT_THAT(tree.request(restart, "root", "s"), ElementsAre("start a"));
  EXPECT_THAT(tree.stop_tree(), ElementsAre("stop c", "stop a"));
}

TEST(HurryUp, KillsWhoeverIsAskedToStopNowOrLaterInTheSameOrder) {
  ScriptedTree tree{supervisor("root", Strategy::one_for_one, {worker("a"), worker("b")})};
  tree.start();
  tree.manual({"a", "b"});
  EXPECT_THAT(tree.stop_tree(), ElementsAre("stop b"));
  EXPECT_THAT(tree.hurry(), ElementsAre("kill b"));
  EXPECT_THAT(tree.hurry(), IsEmpty());
  EXPECT_THAT(tree.gone("b"), ElementsAre("kill a"));
  EXPECT_THAT(tree.gone("a"), ElementsAre("ended root"));
}

TEST(KillSubtree, EndsASupervisorWhoseTimeIsOverAllAtOnce) {  // rule 61
  auto limited =
      std::make_shared<ChildSpec>(*supervisor("s", Strategy::one_for_one, {worker("a"), worker("b")}));
  limited->shutdown = Shutdown::timed(3s);
  ScriptedTree tree{supervisor("root", Strategy::one_for_one, {limited})};
  tree.start();
  tree.manual({"a", "b"});
  EXPECT_THAT(tree.request(terminate, "root", "s"), ElementsAre("stop b"));
  EXPECT_THAT(tree.advance(3s), ElementsAre("kill a", "kill b"));
  EXPECT_THAT(tree.gone("a"), IsEmpty());
  EXPECT_THAT(tree.gone("b"), ElementsAre("ended s", "reply 1 ok"));
}

}  // namespace
}  // namespace simplevisor::core::testing
