// What becomes of messages: taken, handled, tried again, buried.
#include <gmock/gmock.h>

#include "tests/consumer/machine_driver.hpp"

namespace simplevisor::consumer {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Not;

TEST(Machine, TakesOneMessageAtATimeAndFinishesIt) {
  Driven m{exec()};
  EXPECT_THAT(m.tell(Begin{}), ElementsAre("take 0"));
  EXPECT_THAT(m.tell(Taken{1, 0, ""}), ElementsAre("handle 1 try 1"));
  EXPECT_THAT(m.tell(Done{1}), ElementsAre("finish 1", "take 0"));
  EXPECT_THAT(m.tell(Settled{1}), IsEmpty());
  EXPECT_EQ(m.machine().counters().done, 1U);
  EXPECT_EQ(m.machine().held(), 0U);
}

TEST(Machine, GoesQuietOnlyAfterAPassThatBroughtNothing) {
  Driven m{exec()};
  m.tell(Begin{});
  m.tell(Taken{1, 0, ""});
  m.tell(Done{1});
  EXPECT_THAT(m.tell(NothingThere{m.taking}), ElementsAre("take 0"));  // it had taken one: look once more
  EXPECT_FALSE(m.machine().quiet());
  EXPECT_THAT(m.tell(NothingThere{m.taking}), IsEmpty());
  EXPECT_TRUE(m.machine().quiet());
  EXPECT_THAT(m.tell(Woken{0}), ElementsAre("take 0"));
}

TEST(Machine, LooksByItselfAfterThePollInterval) {
  Driven m{exec()};
  m.tell(Begin{});
  m.tell(NothingThere{m.taking});
  m.tell(NothingThere{m.taking});
  EXPECT_EQ(m.until_deadline(), 5s);
  EXPECT_THAT(m.advance(4999ms), IsEmpty());
  EXPECT_THAT(m.advance(1ms), ElementsAre("take 0"));
}

TEST(Machine, TakesFromItsQueuesInTurn) {
  Driven m{{.queues = 3, .window = 8}};
  EXPECT_THAT(m.tell(Begin{}), ElementsAre("take 0"));
  EXPECT_THAT(m.tell(Taken{m.taking, 0, ""}), ElementsAre("handle 1 try 1", "take 1"));
  EXPECT_THAT(m.tell(Taken{m.taking, 0, ""}), ElementsAre("handle 2 try 1", "take 2"));
  EXPECT_THAT(m.tell(Taken{m.taking, 0, ""}), ElementsAre("handle 3 try 1", "take 0"));
}

TEST(Machine, HasNeverMoreThanTheWindowInFlight) {
  Driven m{exec(2)};
  m.tell(Begin{});
  EXPECT_THAT(m.tell(Taken{m.taking, 0, ""}), ElementsAre("handle 1 try 1", "take 0"));
  EXPECT_THAT(m.tell(Taken{m.taking, 0, ""}), ElementsAre("handle 2 try 1"));
  EXPECT_EQ(m.machine().in_flight(), 2U);
}

TEST(Machine, RetriesAFailureAfterTheDelayAndBuriesItWhenAttemptsAreUsedUp) {
  Driven m{exec()};
  m.tell(Begin{});
  m.fill(1);
  EXPECT_THAT(m.tell(Failed{1, "first"}), ElementsAre("remember 1 failures 1"));
  EXPECT_THAT(m.advance(4999ms), IsEmpty());
  EXPECT_THAT(m.advance(1ms), ElementsAre("handle 1 try 2"));
  EXPECT_THAT(m.tell(Failed{1, "second"}), ElementsAre("remember 1 failures 2"));
  m.advance(5s);
  EXPECT_THAT(m.tell(Failed{1, "third"}), ElementsAre("remember 1 failures 3", "bury 1: third"));
  m.tell(Settled{1});
  EXPECT_EQ(m.machine().counters().dead, 1U);
}

TEST(Machine, CountsFailuresOfEarlierConsumers) {
  Driven m{exec()};
  m.tell(Begin{});
  EXPECT_THAT(m.tell(Taken{1, 2, "before"}), ElementsAre("handle 1 try 3"));
  EXPECT_THAT(m.tell(Failed{1, "now"}), ElementsAre("remember 1 failures 3", "bury 1: now", "take 0"));
}

TEST(Machine, BuriesAtOnceWhatWasToBeBuriedWhenItsConsumerWasKilled) {
  Driven m{exec()};
  m.tell(Begin{});
  EXPECT_THAT(m.tell(Taken{1, 3, "before"}), ElementsAre("bury 1: before", "take 0"));
}

TEST(Machine, DoesNotCountLater) {
  Driven m{exec()};
  m.tell(Begin{});
  m.fill(1);
  for (int i = 0; i < 10; ++i) {
    m.tell(Later{1, 2s});
    EXPECT_THAT(m.advance(2s), ElementsAre("handle 1 try 1"));
  }
  EXPECT_EQ(m.machine().counters().later, 10U);
}

TEST(Machine, NeverRetriesInABusyLoop) {
  Driven m{exec()};
  m.tell(Begin{});
  m.fill(1);
  m.tell(Later{1, 0ms});
  EXPECT_THAT(m.advance(9ms), IsEmpty());
  EXPECT_THAT(m.advance(1ms), testing::Contains("handle 1 try 1"));
}

TEST(Machine, StopsTakingWhenItHoldsAsManyAsItMay) {
  Driven m{{.window = 1, .held_max = 2}};
  m.tell(Begin{});
  m.tell(Taken{m.taking, 0, ""});
  EXPECT_THAT(m.tell(Later{1, 1h}), ElementsAre("take 0"));
  m.tell(Taken{m.taking, 0, ""});
  EXPECT_THAT(m.tell(Later{2, 1h}), IsEmpty());
}

TEST(Machine, BuriesWhatIsNoMessageWithoutASecondTry) {
  Driven m{exec()};
  m.tell(Begin{});
  m.fill(1);
  EXPECT_THAT(m.tell(Unusable{1, "no JSON"}), ElementsAre("bury 1: no JSON"));
}

TEST(Machine, KillsAHandlerThatIsOverdueAndCountsAFailure) {
  Driven m{exec()};
  m.tell(Begin{});
  m.fill(1);
  EXPECT_THAT(m.advance(30s), testing::Contains("kill 1"));
  m.tell(Failed{1, "killed by signal 9"});
  m.advance(5s);
  m.tell(Failed{1, "other"});
  m.advance(5s);
  m.advance(30s);
  EXPECT_THAT(m.tell(Failed{1, "killed by signal 9"}),
              testing::Contains("bury 1: no answer within the time allowed"));
}

TEST(Machine, DoesNotBlameAMessageForAHandlerThatCannotBeStarted) {
  Driven m{exec()};
  m.tell(Begin{});
  m.fill(1);
  for (const auto pause : {100ms, 200ms, 400ms, 800ms}) {
    EXPECT_THAT(m.tell(NotHandled{1}), IsEmpty());
    EXPECT_EQ(m.until_deadline(), pause);
    EXPECT_THAT(m.advance(pause), ElementsAre("handle 1 try 1"));
  }
}

TEST(Machine, GivesUpOnAHandlerThatCannotBeStartedOnlyWhereSomebodyWaitsForItsEnd) {
  for (const bool waits : {true, false}) {
    MachineOptions options = exec(2);
    if (waits) options.handler_starts_max = 3;
    Driven m{options};
    m.tell(Begin{});
    m.fill(2);
    for (const auto pause : {100ms, 200ms}) {
      m.tell(NotHandled{1, "no such file"});
      m.tell(NotHandled{2, "no such file"});  // of the same moment
      EXPECT_EQ(m.until_deadline(), pause);
      m.advance(pause);
    }
    const auto orders = m.tell(NotHandled{1, "no such file"});
    if (!waits) {
      EXPECT_THAT(orders, IsEmpty());
      continue;
    }
    EXPECT_THAT(orders, ElementsAre("give back 1"));
    m.tell(Settled{1});
    EXPECT_THAT(m.tell(NotHandled{2, "no such file"}), ElementsAre("give back 2"));
    EXPECT_THAT(m.tell(Settled{2}),
                ElementsAre("leave: given up after 3 starts of the handler that failed: no such file"));
  }
}

TEST(Machine, CountsNoStartThatMaySucceedTheNextTimeAndForgetsThoseBeforeOneThatDid) {
  MachineOptions options = exec();
  options.handler_starts_max = 2;
  Driven m{options};
  m.tell(Begin{});
  m.fill(1);
  m.tell(NotHandled{1, "no such file"});
  for (const auto pause : {100ms, 200ms, 400ms}) {
    EXPECT_THAT(m.advance(pause), ElementsAre("handle 1 try 1"));
    m.tell(NotHandled{1});
  }
  m.advance(800ms);
  m.tell(Later{1, 1s});
  m.advance(1s);
  EXPECT_THAT(m.tell(NotHandled{1, "no such file"}), IsEmpty());
  m.advance(100ms);
  EXPECT_THAT(m.tell(NotHandled{1, "no such file"}), ElementsAre("give back 1"));
}

TEST(Machine, TriesASettlingAgainUntilItIsDone) {
  Driven m{exec()};
  m.tell(Begin{});
  m.fill(1);
  EXPECT_THAT(m.tell(Done{1}), ElementsAre("finish 1"));
  EXPECT_THAT(m.tell(NotSettled{1}), IsEmpty());
  EXPECT_THAT(m.advance(1s), ElementsAre("finish 1"));
  m.tell(NotSettled{1});
  EXPECT_THAT(m.advance(1999ms), IsEmpty());
  EXPECT_THAT(m.advance(1ms), ElementsAre("finish 1"));
  m.tell(Settled{1});
  EXPECT_EQ(m.machine().held(), 0U);
}

TEST(Machine, GivesUpASettlingWhereSomebodyWaitsForItsEnd) {
  Driven m{{.window = 2, .until_empty = true, .settlings_max = 2}};
  m.tell(Begin{});
  m.fill(2);
  EXPECT_THAT(m.tell(Done{1}), ElementsAre("finish 1"));
  EXPECT_THAT(m.tell(NotSettled{1}), Not(Contains("give back 1")));
  EXPECT_THAT(m.advance(1s), Contains("finish 1"));
  EXPECT_THAT(m.tell(NotSettled{1}), ElementsAre("give back 1"));
  EXPECT_THAT(m.tell(Settled{1}), IsEmpty()) << "the other is in the handler's hands";
  EXPECT_THAT(m.tell(Done{2}), ElementsAre("finish 2"));
  EXPECT_THAT(m.tell(Settled{2}), ElementsAre("leave"));
}

TEST(Machine, BacksOffFromAQueueInTrouble) {
  Driven m{exec()};
  m.tell(Begin{});
  EXPECT_THAT(m.tell(TakeFailed{1}), IsEmpty());
  EXPECT_THAT(m.advance(1s), ElementsAre("take 0"));
  EXPECT_THAT(m.tell(TakeFailed{2}), IsEmpty());
  EXPECT_THAT(m.advance(1s), IsEmpty());
  EXPECT_THAT(m.advance(1s), ElementsAre("take 0"));
}

TEST(Machine, OrdersNothingMoreAboutAMessageWhoseEndIsOrdered) {
  Driven m{{.window = 1, .handler_timeout = 0ms, .renew_every = 1s}};
  m.tell(Begin{});
  m.fill(1);
  m.wait(1s);  // the answer comes before the timer
  EXPECT_THAT(m.tell(Done{1}), ElementsAre("finish 1"));
  m.tell(Drain{});
  EXPECT_THAT(m.tell(Drain{}), IsEmpty());
  EXPECT_THAT(m.tell(NotSettled{1}), ElementsAre("give back 1"));
  EXPECT_THAT(m.tell(NotSettled{1}), ElementsAre("leave"));
}

TEST(Machine, RenewsItsLocksInTime) {
  Driven m{{.window = 2, .handler_timeout = 0ms}};
  m.tell(Begin{});
  m.fill(2);
  m.advance(99s);
  EXPECT_THAT(m.advance(1s), testing::IsSupersetOf({"renew 1", "renew 2"}));
  EXPECT_THAT(m.advance(100s), testing::IsSupersetOf({"renew 1", "renew 2"}));
}

TEST(Machine, IgnoresAnswersForMessagesItNoLongerHolds) {
  Driven m{exec()};
  m.tell(Begin{});
  m.fill(1);
  m.tell(LockLost{1});
  EXPECT_THAT(m.tell(Done{1}), IsEmpty());
  EXPECT_THAT(m.tell(Failed{77, "?"}), IsEmpty());
  EXPECT_EQ(m.machine().counters().lost, 1U);
  EXPECT_EQ(m.machine().in_flight(), 0U);
}

}  // namespace
}  // namespace simplevisor::consumer
