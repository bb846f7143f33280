// A handler that stays: its start, its death, whom to blame; and how a consumer leaves.
#include <gmock/gmock.h>

#include "tests/consumer/machine_driver.hpp"

namespace simplevisor::consumer {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(Stream, TakesNothingBeforeTheHandlerIsReady) {
  Driven m{stream()};
  EXPECT_THAT(m.tell(Begin{}), ElementsAre("start handler"));
  EXPECT_THAT(m.tell(Woken{0}), IsEmpty());
  EXPECT_THAT(m.tell(HandlerReady{1, false}), ElementsAre("take 0"));
}

TEST(Stream, KillsAHandlerThatNeverGetsReady) {
  Driven m{stream()};
  m.tell(Begin{});
  EXPECT_THAT(m.advance(30s), ElementsAre("kill handler"));
  EXPECT_THAT(m.tell(HandlerGone{"killed"}), IsEmpty());
  EXPECT_THAT(m.advance(100ms), ElementsAre("start handler"));
}

TEST(Stream, RestartsAFailingHandlerSlowerAndSlowerUntilItAnswersAgain) {
  Driven m{stream()};
  m.tell(Begin{});
  for (const auto pause : {100ms, 200ms, 400ms}) {
    EXPECT_THAT(m.tell(HandlerGone{"exit"}), IsEmpty());
    EXPECT_THAT(m.advance(pause - 1ms), IsEmpty());
    EXPECT_THAT(m.advance(1ms), ElementsAre("start handler"));
  }
  m.tell(HandlerReady{1, false});
  m.tell(Taken{m.taking, 0, ""});
  m.tell(Done{1});
  m.tell(HandlerGone{"exit"});
  EXPECT_THAT(m.advance(100ms), ElementsAre("start handler"));
}

TEST(Stream, GivesUpOnAHandlerThatNeverGetsReadyOnlyWhereSomebodyWaitsForItsEnd) {
  MachineOptions options = stream();
  options.handler_starts_max = 2;
  Driven m{options};
  m.tell(Begin{});
  m.tell(HandlerGone{"exit 1"});
  m.advance(100ms);
  m.tell(HandlerReady{1, false});
  m.tell(HandlerGone{"exit 1"});
  m.advance(200ms);
  EXPECT_THAT(m.tell(HandlerGone{"exit 1"}), IsEmpty()) << "it was ready in between";
  m.advance(400ms);
  m.tell(NothingThere{m.taking});
  EXPECT_THAT(m.tell(HandlerGone{"exit 1"}),
              ElementsAre("leave: given up after 2 starts of the handler that failed: exit 1"));
}

TEST(Stream, GivesTheHandlerNoMoreThanItAskedFor) {
  Driven m{stream(8)};
  m.tell(Begin{});
  m.tell(HandlerReady{2, false});
  m.tell(Taken{m.taking, 0, ""});
  EXPECT_THAT(m.tell(Taken{m.taking, 0, ""}), ElementsAre("handle 2 try 1"));
}

TEST(Stream, BlamesTheOnlyMessageThatWasOpenWhenTheHandlerDied) {
  Driven m = started_stream(4);
  m.fill(1);
  EXPECT_THAT(m.tell(HandlerGone{"signal 11"}), ElementsAre("remember 1 failures 1"));
}

TEST(Stream, OffersSeveralSuspectsAloneAndBlamesNobodyBefore) {
  Driven m = started_stream(4);
  m.fill(3);
  EXPECT_THAT(m.tell(HandlerGone{"signal 11"}), IsEmpty());
  EXPECT_THAT(m.advance(100ms), ElementsAre("start handler"));
  EXPECT_THAT(m.tell(HandlerReady{4, false}), ElementsAre("handle 1 try 1"));
  EXPECT_THAT(m.tell(Done{1}), ElementsAre("finish 1", "handle 2 try 1"));
  EXPECT_THAT(m.tell(HandlerGone{"signal 11"}), ElementsAre("remember 2 failures 1"));  // the culprit
  m.advance(100ms);
  EXPECT_THAT(m.tell(HandlerReady{4, false}), ElementsAre("handle 3 try 1"));
  m.tell(Done{3});
  m.tell(Settled{3});
  EXPECT_EQ(m.machine().counters().failed, 1U);
}

TEST(Stream, BlamesOnlyTheMessageWithoutAnAnswerInTime) {
  Driven m{stream(4)};
  m.tell(Begin{});
  m.tell(HandlerReady{4, false});
  m.tell(Taken{m.taking, 0, ""});
  m.advance(10s);
  m.fill(1);
  EXPECT_THAT(m.advance(20s), ElementsAre("kill 1"));
  EXPECT_THAT(m.tell(HandlerGone{"killed"}), ElementsAre("remember 1 failures 1"));
  m.advance(100ms);
  EXPECT_THAT(m.tell(HandlerReady{4, false}), ElementsAre("handle 2 try 1"));
  EXPECT_EQ(m.machine().counters().failed, 1U);
}

TEST(Stream, TellsIdleAtMostOnceASecondAndOnlyIfAsked) {
  Driven m{stream()};
  m.tell(Begin{});
  m.tell(HandlerReady{1, true});
  m.tell(NothingThere{m.taking});
  EXPECT_THAT(m.tell(NothingThere{m.taking}), ElementsAre("tell idle"));
  EXPECT_THAT(m.advance(999ms), IsEmpty());
  EXPECT_THAT(m.advance(1ms), ElementsAre("tell idle"));
}

TEST(Drain, GivesBackWhatWaitsAndWaitsForWhatIsInFlight) {
  Driven m{exec(2)};
  m.tell(Begin{});
  m.fill(2);
  m.tell(Later{1, 1h});
  EXPECT_THAT(m.tell(Drain{}), ElementsAre("give back 1"));
  m.tell(Settled{1});
  EXPECT_THAT(m.tell(Done{2}), ElementsAre("finish 2"));
  EXPECT_THAT(m.tell(Settled{2}), ElementsAre("leave"));
}

TEST(Drain, KillsAndGivesBackUncountedWhatIsNotDoneInTime) {
  Driven m{exec()};
  m.tell(Begin{});
  m.fill(1);
  m.tell(Drain{});
  EXPECT_THAT(m.advance(4s), ElementsAre("kill handler"));
  EXPECT_THAT(m.tell(Failed{1, "killed"}), ElementsAre("give back 1"));
  EXPECT_THAT(m.tell(Settled{1}), ElementsAre("leave"));
  EXPECT_EQ(m.machine().counters().failed, 0U);
}

TEST(Drain, HurriesWhenToldASecondTime) {
  Driven m{exec()};
  m.tell(Begin{});
  m.fill(1);
  m.tell(Drain{});
  EXPECT_THAT(m.tell(Drain{}), ElementsAre("kill handler"));
}

TEST(Drain, CountsAFailureAndGivesTheMessageBack) {
  Driven m{exec()};
  m.tell(Begin{});
  m.fill(1);
  m.tell(Drain{});
  EXPECT_THAT(m.tell(Failed{1, "no"}), ElementsAre("remember 1 failures 1", "give back 1"));
}

TEST(Drain, StopsAStreamHandlerPolitelyAndThenByForce) {
  Driven m = started_stream(1);
  m.fill(1);
  EXPECT_THAT(m.tell(Drain{}), IsEmpty());
  m.tell(Done{1});
  EXPECT_THAT(m.tell(Settled{1}), ElementsAre("stop handler"));
  EXPECT_THAT(m.advance(4s), testing::Contains("kill handler"));
  EXPECT_THAT(m.tell(HandlerGone{"killed"}), ElementsAre("leave"));
}

TEST(Drain, IsBegunByItselfWhenAskedToLeaveOnceEmpty) {
  Driven m{{.window = 1, .until_empty = true}};
  m.tell(Begin{});
  m.tell(Taken{1, 0, ""});
  m.tell(Done{1});
  m.tell(Settled{1});
  EXPECT_THAT(m.tell(NothingThere{m.taking}), ElementsAre("take 0"));
  EXPECT_THAT(m.tell(NothingThere{m.taking}), ElementsAre("leave"));
}

}  // namespace
}  // namespace simplevisor::consumer
