// Faults that were found and mended, each by name; and what a tree promises at its edges.
#include "supervisor/core/tree.hpp"

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
constexpr auto remove = Request::Kind::delete_child;

SupervisorSpec unordered(std::size_t max_concurrent) {
  SupervisorSpec spec = often();
  spec.ordered = false;
  spec.max_concurrent = max_concurrent;
  return spec;
}

TEST(TreeFaults, ARootWithARefusedSpecificationIsAtRestAfterwards) {
  ChildSpec significant;
  significant.name = "a";
  significant.significant = true;
  ScriptedTree tree{supervisor("root", Strategy::one_for_one, {worker(significant)})};
  EXPECT_THAT(tree.start(), ElementsAre("failed root"));
  EXPECT_EQ(tree.tree().root_state(), Tree::RootState::failed);
  EXPECT_EQ(tree.state("root"), ChildState::stopped);
}

TEST(TreeFaults, AStopRequestAndTheReadinessOfAStartingChildAtTheSameMomentEndTheTree) {
  ScriptedTree tree{supervisor("root", Strategy::one_for_one, {worker("a"), worker("b")})};
  tree.manual({"b"});
  tree.start();
  tree.tree().post(StopTree{});
  EXPECT_THAT(tree.ready("b"), ElementsAre("stop b"));
  EXPECT_THAT(tree.gone("b"), ElementsAre("stop a", "failed root"));
}

TEST(TreeFaults, AStopRequestAndTheFailureOfAStartingChildAtTheSameMomentEndTheTree) {
  ScriptedTree tree{supervisor("root", Strategy::one_for_one, {worker("a"), worker("b")})};
  tree.manual({"b"});
  tree.start();
  tree.tree().post(StopTree{});
  EXPECT_THAT(tree.fail("b"), ElementsAre("stop a", "failed root"));
}

TEST(TreeFaults, AChildThatBecomesReadyDuringARollBackIsNotTakenForOneThatWasStopped) {
  ScriptedTree tree{supervisor("root", Strategy::one_for_one,
                               {worker("a"), worker("b"), worker("c"), worker("d")}, unordered(2))};
  tree.manual({"a", "b", "c", "d"});
  EXPECT_THAT(tree.start(), ElementsAre("start a", "start b"));
  EXPECT_THAT(tree.ready("b"), ElementsAre("start c"));
  EXPECT_THAT(tree.ready("c"), ElementsAre("start d"));
  EXPECT_THAT(tree.fail("d"), ElementsAre("stop c", "stop b"));
  EXPECT_THAT(tree.ready("a"), IsEmpty());
  EXPECT_THAT(tree.gone("c"), ElementsAre("stop a"));
  EXPECT_THAT(tree.gone("b"), IsEmpty());
  EXPECT_THAT(tree.gone("a"), ElementsAre("failed root"));
}

TEST(TreeFaults, AChildThatFailsToStartDuringARollBackIsNeitherRetriedNorCounted) {
  ScriptedTree tree{
      supervisor("root", Strategy::one_for_one, {worker("a"), worker("b"), worker("c")}, unordered(2))};
  tree.manual({"a", "b", "c"});
  tree.start();
  EXPECT_THAT(tree.ready("b"), ElementsAre("start c"));
  tree.tree().post(WorkerStartFailed{tree.find("c"), tree.life("c")});
  EXPECT_THAT(tree.fail("a"), ElementsAre("stop b"));
  EXPECT_THAT(tree.gone("b"), ElementsAre("failed root"));
}

TEST(TreeFaults, AChildTerminatedOnRequestIsNotTakenForOneOfTheShutdown) {
  ScriptedTree tree{
      supervisor("root", Strategy::one_for_one, {worker("a"), worker("b"), worker("c")}, unordered(1))};
  tree.start();
  tree.manual({"a", "b", "c"});
  EXPECT_THAT(tree.request(terminate, "root", "a"), ElementsAre("stop a"));
  EXPECT_THAT(tree.stop_tree(), ElementsAre("stop c"));
  EXPECT_THAT(tree.gone("a"), ElementsAre("reply 1 ok"));
  EXPECT_THAT(tree.gone("c"), ElementsAre("stop b"));
  EXPECT_THAT(tree.gone("b"), ElementsAre("ended root"));
}

TEST(TreeFaults, AnAddedChildThatCannotBeStartedDuringAShutdownStaysUntilTheSweepHasPassed) {
  ScriptedTree tree{supervisor("root", Strategy::one_for_one, {worker("a"), worker("b")}, unordered(2))};
  tree.start();
  tree.manual({"a", "b", "c"});
  EXPECT_THAT(tree.add("root", worker("c")), ElementsAre("start c"));
  EXPECT_THAT(tree.request(terminate, "root", "a"), ElementsAre("stop a"));
  tree.stop_tree();
  tree.gone("a");
  tree.gone("c");
  EXPECT_THAT(tree.gone("b"), ElementsAre("ended root"));
}

TEST(TreeFaults, AHeldSpecificationThatIsGoneHoldsNobodyElse) {
  ScriptedTree tree{supervisor("root", Strategy::one_for_all, {worker("a")})};
  tree.start();
  for (int round = 0; round < 50; ++round) {  // the allocator gives the same address again
    tree.add("root", worker("b"));
    tree.request(terminate, "root", "b", true);
    tree.request(remove, "root", "b");
    ASSERT_THAT(tree.crash("a"), ElementsAre("start a"));
  }
  tree.add("root", worker("b"));
  EXPECT_THAT(tree.crash("a"), ElementsAre("stop b", "start a", "start b"));
}

TEST(TreeFaults, AHeldInstanceIsStartedInItsOldPlaceAndNotTwice) {
  SupervisorSpec pool = often();
  pool.initial_instances = 2;
  ScriptedTree tree{supervisor("root", Strategy::one_for_one,
                               {supervisor("pool", Strategy::simple_one_for_one, {worker("w")}, pool)})};
  tree.start();
  EXPECT_THAT(tree.terminate_instance("w#1", true), ElementsAre("stop w#1", "reply 1 ok"));
  tree.request(terminate, "root", "pool");
  EXPECT_THAT(tree.request(restart, "root", "pool"), ElementsAre("start w#2", "up pool", "reply 3 ok"));
  EXPECT_THAT(tree.add_instance("pool", 1), ElementsAre("start w#1", "reply 4 ok"));
  EXPECT_EQ(tree.tree().size(), 4u);
}

TEST(TreeFaults, StartingAHeldTemporaryChildAgainStartsThatOneOnly) {
  ScriptedTree tree{supervisor("root", Strategy::one_for_one,
                               {worker("a", Restart::transient), worker("b", Restart::temporary)})};
  tree.start();
  const Child again = tree.tree().node(tree.find("b")).spec;
  tree.exit("a");
  tree.request(terminate, "root", "b", true);
  EXPECT_THAT(tree.add("root", again), ElementsAre("start b", "reply 2 ok"));
}

TEST(TreeFaults, HurryDoesNotKillSomebodyWhoseExitIsInTheSameNews) {
  ScriptedTree tree{supervisor("root", Strategy::one_for_one, {worker("a")})};
  tree.start();
  tree.manual({"a"});
  EXPECT_THAT(tree.stop_tree(), ElementsAre("stop a"));
  tree.tree().post(Hurry{});
  EXPECT_THAT(tree.gone("a"), ElementsAre("ended root"));
}

TEST(Mailbox, GivesItsMemoryBackWhenItHasBeenRead) {
  Mailbox mail;
  for (int n = 0; n < 10'000; ++n) mail.push(Mail{Mail::Kind::stop});
  while (!mail.empty()) (void)mail.pop();
  EXPECT_LE(mail.capacity(), 64u);
}

TEST(Mailbox, DoesNotGrowWhenItIsNeverEmpty) {
  Mailbox mail;
  mail.push(Mail{Mail::Kind::stop});
  for (int n = 0; n < 10'000; ++n) {
    mail.push(Mail{Mail::Kind::retry, NodeId{1}, Life{static_cast<std::uint64_t>(n)}});
    (void)mail.pop();
  }
  EXPECT_LE(mail.capacity(), 1024u);
}

TEST(Tree, AnswersRequestsToNobodyWithNoproc) {
  ScriptedTree tree{supervisor("root", Strategy::one_for_one, {worker("a")})};
  tree.start();
  EXPECT_THAT(tree.request(terminate, "a", "x"), ElementsAre("reply 1 noproc"));
}

TEST(Tree, ExtendsAGraceButNeverShortensIt) {
  ScriptedTree tree{
      supervisor("root", Strategy::one_for_one, {worker("a", Restart::permanent, Shutdown::timed(5s))})};
  tree.start();
  tree.manual({"a"});
  tree.stop_tree();
  tree.post(StopExtended{tree.find("a"), tree.life("a"), tree.now() + 1s});
  EXPECT_EQ(tree.waits("a"), 5s);
  tree.post(StopExtended{tree.find("a"), tree.life("a"), tree.now() + 9s});
  EXPECT_THAT(tree.advance(8999ms), IsEmpty());
  EXPECT_THAT(tree.advance(1ms), ElementsAre("kill a"));
}

TEST(Tree, DropsTheNewsOfEarlierLives) {
  ScriptedTree tree{supervisor("root", Strategy::one_for_one, {worker("a")})};
  tree.start();
  const NodeId a = tree.find("a");
  const Life first = tree.life("a");
  tree.crash("a");
  EXPECT_THAT(tree.post(WorkerExited{a, first, Ending::abnormal}), IsEmpty());
  EXPECT_THAT(tree.post(WorkerStartFailed{a, first}), IsEmpty());
  EXPECT_EQ(tree.state("a"), ChildState::running);
}

}  // namespace
}  // namespace simplevisor::core::testing
