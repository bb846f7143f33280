// tests/transfer/machine_test.cpp
//
// The decisions of a transfer agent, with a clock and two ends that do what they are told.
#include "workers/transfer/machine.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <string>

namespace simplevisor::transfer {
namespace {

using namespace std::chrono_literals;
using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

std::string name_of(const Action& action) {
  struct Names {
    std::string operator()(const OpenSource&) const { return "open source"; }
    std::string operator()(const CloseSource&) const { return "close source"; }
    std::string operator()(const OpenSink&) const { return "open sink"; }
    std::string operator()(const CloseSink&) const { return "close sink"; }
    std::string operator()(const Check& a) const { return "check " + std::to_string(a.ticket); }
    std::string operator()(const Send& a) const { return "send " + std::to_string(a.ticket); }
    std::string operator()(const Settle& a) const {
      const char* const verdict = a.verdict == Verdict::done         ? "done "
                                  : a.verdict == Verdict::quarantine ? "quarantine "
                                                                     : "give back ";
      return verdict + std::to_string(a.ticket) + (a.reason.empty() ? "" : ": " + a.reason);
    }
    std::string operator()(const Forget& a) const { return "forget " + std::to_string(a.ticket); }
    std::string operator()(const StartFilter&) const { return "start filter"; }
    std::string operator()(const StopFilter&) const { return "stop filter"; }
    std::string operator()(const KillFilter&) const { return "kill filter"; }
    std::string operator()(const TellFilterIdle&) const { return "idle"; }
    std::string operator()(const Leave& a) const {
      return "leave" + (a.failure ? ": " + a.failure->message : "") +
             (a.pending > 0 ? ", pending " + std::to_string(a.pending) : "") +
             (a.hopeless > 0 ? ", hopeless " + std::to_string(a.hopeless) : "");
    }
  };
  return std::visit(Names{}, action);
}

class TransferMachineTest : public testing::Test {
 protected:
  // Everything that is ordered because of the event.
  std::vector<std::string> tell(const Event& event) {
    std::vector<Action> actions;
    machine.handle(event, now, actions);
    std::vector<std::string> names;
    std::ranges::transform(actions, std::back_inserter(names), name_of);
    return names;
  }
  std::vector<std::string> after(Milliseconds time) {
    now += time;
    return tell(Tick{});
  }
  void start(const MachineOptions& options) {
    machine = Machine{options};
    tell(Begin{});
    if (options.filter) tell(FilterReady{.window = 10});
    if (!options.lazy) tell(SinkUp{});
    tell(SourceUp{});
  }
  // Arrives, is let through, and sent.
  void send(Ticket ticket) {
    tell(Arrived{ticket, 10, {}});
    tell(Accepted{ticket});
  }
  static Failure gone() { return {Failure::Kind::unavailable, "gone"}; }

  Machine machine{MachineOptions{}};
  TimePoint now{};
};

TEST_F(TransferMachineTest, OpensBothEndsAndTakesNothingInBeforeBothAreOpen) {
  EXPECT_THAT(tell(Begin{}), UnorderedElementsAre("open source", "open sink"));
  tell(SourceUp{});
  EXPECT_EQ(machine.room(), 0U);
  tell(SinkUp{});
  EXPECT_EQ(machine.room(), 100U);
  EXPECT_TRUE(machine.ready());
}

TEST_F(TransferMachineTest, IsReadyWithoutTheEndThatMayComeLaterAndTakesNothingInMeanwhile) {
  machine = Machine{{.sink_may_come_later = true}};
  tell(Begin{});
  EXPECT_FALSE(machine.ready()) << "the source is ours, and has to be well";
  tell(SourceUp{});
  EXPECT_TRUE(machine.ready());
  tell(SinkDown{gone()});
  EXPECT_TRUE(machine.ready());
  EXPECT_FALSE(machine.connected());
  EXPECT_EQ(machine.room(), 0U);
  EXPECT_THAT(after(10ms), ElementsAre("open sink"));
  tell(SinkUp{});
  EXPECT_TRUE(machine.connected());
  EXPECT_EQ(machine.room(), 100U);
}

TEST_F(TransferMachineTest, DoesNotCountWhatSomebodyElseSettles) {
  start({});
  tell(Arrived{1, 10, "no message"});
  EXPECT_THAT(tell(Settled{1, true}), ElementsAre("forget 1"));
  EXPECT_EQ(machine.counters().quarantined, 0U);
  EXPECT_EQ(machine.pending(), 0U);
}

TEST_F(TransferMachineTest, SettlesAMessageOnlyWhenTheSinkHasConfirmedIt) {
  start({});
  EXPECT_THAT(tell(Arrived{1, 10, {}}), ElementsAre("check 1"));
  EXPECT_THAT(tell(Accepted{1}), ElementsAre("send 1"));
  EXPECT_THAT(tell(Confirmed{1}), ElementsAre("done 1"));
  EXPECT_THAT(tell(Settled{1}), ElementsAre("forget 1"));
  EXPECT_EQ(machine.counters().sent, 1U);
  EXPECT_EQ(machine.pending(), 0U);
}

TEST_F(TransferMachineTest, ADiscardedMessageIsSettledWithoutBeingSent) {
  start({});
  tell(Arrived{1, 10, {}});
  EXPECT_THAT(tell(Discarded{1}), ElementsAre("done 1"));
  EXPECT_EQ(machine.counters().discarded, 1U);
}

TEST_F(TransferMachineTest, TakesInNoMoreThanTheWindowInMessagesAndBytes) {
  start({.window = 3, .window_bytes = 100});
  send(1);
  EXPECT_EQ(machine.room(), 2U);
  tell(Arrived{2, 90, {}});
  EXPECT_EQ(machine.room(), 0U);
  tell(Confirmed{1});
  tell(Settled{1});
  EXPECT_EQ(machine.room(), 2U);
}

TEST_F(TransferMachineTest, AMessageThatIsNotConfirmedIsSentAgainLaterAndLater) {
  start({});
  send(1);
  EXPECT_THAT(tell(NotConfirmed{1, "full"}), IsEmpty());
  EXPECT_THAT(after(99ms), IsEmpty());
  EXPECT_THAT(after(1ms), ElementsAre("send 1"));
  tell(NotConfirmed{1, "full"});
  EXPECT_THAT(after(199ms), IsEmpty());
  EXPECT_THAT(after(1ms), ElementsAre("send 1"));
}

TEST_F(TransferMachineTest, WhatCanNeverBeSentGoesToQuarantineAndTheOthersGoOn) {
  start({});
  EXPECT_THAT(tell(Arrived{1, 0, "no message"}), ElementsAre("quarantine 1: no message"));
  send(2);
  send(3);
  EXPECT_THAT(tell(Refused{2, "name too long"}), ElementsAre("quarantine 2: name too long"));
  EXPECT_THAT(tell(Confirmed{3}), ElementsAre("done 3"));
  tell(Settled{1});
  EXPECT_EQ(machine.counters().quarantined, 1U);
}

TEST_F(TransferMachineTest, ALostSinkIsOpenedAgainWithBackOffAndGetsTheUndecidedOnesFirst) {
  start({});
  for (Ticket t = 1; t <= 3; ++t) send(t);
  tell(Confirmed{2});
  EXPECT_THAT(tell(SinkDown{gone()}), IsEmpty());
  EXPECT_EQ(machine.room(), 0U);
  EXPECT_THAT(after(10ms), ElementsAre("open sink"));
  tell(SinkDown{gone()});
  EXPECT_THAT(after(19ms), IsEmpty());
  EXPECT_THAT(after(1ms), ElementsAre("open sink"));
  EXPECT_THAT(tell(SinkUp{}), ElementsAre("send 1", "send 3"));
}

TEST_F(TransferMachineTest, WithoutReconnectALostSinkEndsTheAgentAndEverythingIsGivenBack) {
  start({.reconnect = false});
  send(1);
  EXPECT_THAT(tell(SinkDown{gone()}), ElementsAre("give back 1"));
  EXPECT_THAT(tell(Settled{1}), ElementsAre("forget 1", "close source"));
  EXPECT_THAT(tell(SourceDown{}), ElementsAre("leave: gone, pending 1"));
}

TEST_F(TransferMachineTest, AWrongPasswordEndsTheAgentEvenWithReconnect) {
  tell(Begin{});
  EXPECT_THAT(tell(SinkDown{Failure{Failure::Kind::authentication, "who?"}}), ElementsAre("close source"));
  EXPECT_THAT(tell(SourceDown{}), ElementsAre("leave: who?"));
}

TEST_F(TransferMachineTest, FindsTheMessageThatMakesABrokerCloseByOfferingEachAlone) {
  start({.reconnect = false});
  for (Ticket t = 1; t <= 3; ++t) send(t);
  EXPECT_THAT(tell(SinkDown{gone(), true}), ElementsAre("open sink"));
  EXPECT_THAT(tell(SinkUp{}), ElementsAre("send 1"));
  tell(Confirmed{1});
  EXPECT_THAT(tell(SinkDown{gone(), true}), ElementsAre("quarantine 2: gone", "open sink"));
  EXPECT_THAT(tell(SinkUp{}), ElementsAre("send 3"));
  send(4);
  EXPECT_THAT(tell(Confirmed{3}), ElementsAre("done 3", "send 4"));
}

TEST_F(TransferMachineTest, ALostSourceTakesBackWhatWasNotSentAndWhatWasSentIsNotSettled) {
  start({});
  send(1);
  tell(SinkBlocked{});
  send(2);
  EXPECT_THAT(tell(SourceDown{gone()}), ElementsAre("forget 2"));
  EXPECT_THAT(after(10ms), ElementsAre("open source"));
  EXPECT_THAT(tell(Confirmed{1}), ElementsAre("forget 1"));
}

TEST_F(TransferMachineTest, ABlockedSinkGetsNothingAndNothingIsTakenIn) {
  start({});
  tell(SinkBlocked{});
  EXPECT_EQ(machine.room(), 0U);
  EXPECT_THAT(tell(Arrived{1, 10, {}}), ElementsAre("check 1"));
  EXPECT_THAT(tell(Accepted{1}), IsEmpty());
  EXPECT_THAT(after(1h), IsEmpty());
  EXPECT_THAT(tell(SinkUnblocked{}), ElementsAre("send 1"));
}

TEST_F(TransferMachineTest, LeavesAfterTheLastOfACountOnceItIsSent) {
  start({.count = 2});
  send(1);
  EXPECT_EQ(machine.room(), 1U);
  send(2);
  EXPECT_EQ(machine.room(), 0U);
  EXPECT_THAT(tell(Arrived{3, 10, {}}), ElementsAre("give back 3"));
  tell(Settled{3});
  tell(Confirmed{1});
  tell(Settled{1});
  tell(Confirmed{2});
  EXPECT_THAT(tell(Settled{2}), ElementsAre("forget 2", "close sink"));
  EXPECT_THAT(tell(SinkDown{}), ElementsAre("close source"));
  EXPECT_THAT(tell(SourceDown{}), ElementsAre("leave, pending 1"));
}

TEST_F(TransferMachineTest, LeavesAtTheEndOfItsTimeAndWhenNothingCameForLong) {
  start({.duration = 10s});
  EXPECT_THAT(after(10s), ElementsAre("close sink"));
  start({.inactivity = 2s});
  after(1500ms);
  send(1);
  tell(Confirmed{1});
  tell(Settled{1});
  EXPECT_THAT(after(1500ms), IsEmpty());
  EXPECT_THAT(after(500ms), ElementsAre("close sink"));
}

TEST_F(TransferMachineTest, LingersWhenToldToStopAndGivesBackWhatIsLeft) {
  start({.linger = 10s});
  send(1);
  EXPECT_THAT(tell(Stop{}), IsEmpty());
  EXPECT_EQ(machine.room(), 0U);
  EXPECT_THAT(after(9s), IsEmpty());
  EXPECT_THAT(after(1s), ElementsAre("give back 1"));
  EXPECT_THAT(tell(Settled{1}), ElementsAre("forget 1", "close sink"));
  tell(SinkDown{});
  EXPECT_THAT(tell(SourceDown{}), ElementsAre("leave, pending 1"));
}

TEST_F(TransferMachineTest, WhatCannotBeSettledIsLeftBehindAndCounted) {
  start({.linger = 10s});
  send(1);
  tell(Confirmed{1});
  EXPECT_THAT(tell(Arrived{2, 10, "damaged"}), ElementsAre("quarantine 2: damaged"));
  tell(SourceEnd{});
  EXPECT_THAT(tell(NotSettled{1}), IsEmpty());
  EXPECT_THAT(tell(NotSettled{2}), IsEmpty());
  EXPECT_THAT(after(1s), UnorderedElementsAre("done 1", "quarantine 2: damaged"));
  tell(NotSettled{1});
  tell(NotSettled{2});
  tell(Stop{});
  EXPECT_THAT(tell(Stop{}), ElementsAre("forget 1", "forget 2", "close sink"));
  tell(SinkDown{});
  EXPECT_THAT(tell(SourceDown{}), ElementsAre("leave, pending 2, hopeless 1"));
}

TEST_F(TransferMachineTest, AtTheEndOfTheSourceItGivesUpOnlyAfterATimeWithoutProgress) {
  start({.linger = 10s});
  send(1);
  send(2);
  tell(SourceEnd{});
  EXPECT_THAT(after(9s), IsEmpty());
  EXPECT_THAT(tell(Confirmed{1}), ElementsAre("done 1"));
  tell(Settled{1});
  EXPECT_THAT(after(9s), IsEmpty());
  EXPECT_THAT(after(1s), ElementsAre("give back 2"));
}

TEST_F(TransferMachineTest, AStopWhileItDrainsLingersOnceAndProgressDoesNotProlongIt) {
  start({.linger = 10s});
  send(1);
  send(2);
  tell(SourceEnd{});
  EXPECT_THAT(tell(Stop{}), IsEmpty());
  after(9s);
  EXPECT_THAT(tell(Confirmed{1}), ElementsAre("done 1"));
  tell(Settled{1});
  EXPECT_THAT(after(1s), ElementsAre("give back 2"));
}

class TransferMachineLingerTest : public TransferMachineTest,
                                  public testing::WithParamInterface<Milliseconds> {};

TEST_P(TransferMachineLingerTest, AFilterThatHangsIsBlamedAlsoWhenNothingMoreComes) {
  start({.linger = GetParam(), .filter = true, .filter_timeout = 30s});
  tell(Arrived{1, 10, {}});
  tell(SourceEnd{});
  Milliseconds again = 100ms;
  for (int life = 0; life < 3; ++life) {
    EXPECT_EQ(machine.next_deadline(), now + 30s) << "and nobody is asked in between";
    EXPECT_THAT(after(29s), IsEmpty());
    EXPECT_THAT(after(1s), ElementsAre("kill filter"));
    if (life == 2) break;
    EXPECT_THAT(tell(FilterGone{"hung"}), IsEmpty());
    EXPECT_THAT(after(again), ElementsAre("start filter"));
    EXPECT_THAT(tell(FilterReady{10}), ElementsAre("check 1"));
    again *= 2;
  }
  EXPECT_THAT(tell(FilterGone{"hung"}), ElementsAre("quarantine 1: hung"));
}

INSTANTIATE_TEST_SUITE_P(LongAndShort, TransferMachineLingerTest, testing::Values(10s, 1ms));

TEST_F(TransferMachineTest, AFilterThatDiesOfEveryMessageIsNotWaitedForWhenTheTimeIsOver) {
  start({.window = 50, .duration = 1s, .linger = 10s, .filter = true});
  for (Ticket ticket = 1; ticket <= 50; ++ticket) tell(Arrived{ticket, 10, {}});
  const TimePoint began = now;
  std::size_t given_back = 0;
  while (given_back == 0) {
    ASSERT_LT(now - began, 60s);
    tell(FilterGone{"died"});
    for (bool back = false; !back && given_back == 0;) {
      ASSERT_GT(machine.next_deadline(), now);
      const auto orders = after(std::chrono::ceil<Milliseconds>(machine.next_deadline() - now));
      back = std::ranges::find(orders, "start filter") != orders.end();
      given_back = static_cast<std::size_t>(std::ranges::count_if(
          orders, [](const std::string& order) { return order.starts_with("give back "); }));
    }
    tell(FilterReady{10});
  }
  EXPECT_GT(given_back, 40U);
}

TEST_F(TransferMachineTest, AFilterThatAnswersIsStartedAgainAtOnceAfterItDies) {
  start({.filter = true});
  const std::vector<Event> answers{Accepted{1}, Discarded{2}, CheckLater{3, {}}, CheckFailed{4, "no"}};
  for (std::size_t at = 0; at < answers.size(); ++at) {
    const auto ticket = static_cast<Ticket>(at + 1);
    tell(Arrived{ticket, 10, {}});
    tell(answers[at]);
    tell(FilterGone{"died"});
    EXPECT_THAT(after(100ms), Contains("start filter")) << ticket;
    tell(FilterReady{10});
  }
}

TEST_F(TransferMachineTest, AFilterThatOnlyPutsOffIsNotWaitedForForEver) {
  start({.linger = 10s, .filter = true});
  tell(Arrived{1, 10, {}});
  tell(SourceEnd{});
  std::vector<std::string> orders;
  for (int second = 0; second < 20 && orders != std::vector<std::string>{"give back 1"}; ++second) {
    orders = tell(CheckLater{1});
    if (orders.empty()) orders = after(1s);
  }
  EXPECT_THAT(orders, ElementsAre("give back 1"));
}

TEST_F(TransferMachineTest, AFilterThatNeverGetsReadyEndsTheAgentWhereThatIsWanted) {
  machine = Machine{{.filter = true, .filter_starts_max = 3}};
  tell(Begin{});
  tell(SinkUp{});
  tell(SourceUp{});
  tell(FilterGone{"exec format error"});
  EXPECT_THAT(after(100ms), ElementsAre("start filter"));
  tell(FilterGone{"exec format error"});
  EXPECT_THAT(after(200ms), ElementsAre("start filter"));
  EXPECT_THAT(tell(FilterGone{"exec format error"}), ElementsAre("close sink"));
  tell(SinkDown{});
  EXPECT_THAT(tell(SourceDown{}),
              ElementsAre("leave: the filter never got ready, tried 3 times: exec format error"));
}

TEST_F(TransferMachineTest, ASecondStopDoesNotLinger) {
  start({.linger = std::nullopt});
  send(1);
  tell(Stop{});
  EXPECT_THAT(after(1h), IsEmpty());
  EXPECT_THAT(tell(Stop{}), ElementsAre("give back 1"));
}

TEST_F(TransferMachineTest, WithLazyTheSinkIsOpenedForTheFirstMessage) {
  machine = Machine{{.lazy = true}};
  EXPECT_THAT(tell(Begin{}), ElementsAre("open source"));
  tell(SourceUp{});
  EXPECT_EQ(machine.room(), 1U);
  tell(Arrived{1, 10, {}});
  EXPECT_THAT(tell(Accepted{1}), ElementsAre("open sink"));
  EXPECT_EQ(machine.room(), 0U);
  EXPECT_THAT(tell(SinkUp{}), ElementsAre("send 1"));
}

TEST_F(TransferMachineTest, AFilterThatDiesOfOneMessageIsGivenItThriceThenItIsSetAside) {
  start({.filter = true});
  tell(Arrived{1, 10, {}});
  tell(Arrived{2, 10, {}});
  EXPECT_THAT(tell(FilterGone{"died"}), IsEmpty());
  EXPECT_THAT(after(100ms), ElementsAre("start filter"));
  EXPECT_THAT(tell(FilterReady{10}), ElementsAre("check 1"));
  tell(FilterGone{"died"});
  after(200ms);
  EXPECT_THAT(tell(FilterReady{10}), ElementsAre("check 1"));
  tell(FilterGone{"died"});
  after(400ms);
  tell(FilterReady{10});
  EXPECT_THAT(tell(FilterGone{"died"}), ElementsAre("quarantine 1: died"));
  after(800ms);
  EXPECT_THAT(tell(FilterReady{10}), ElementsAre("check 2"));
  EXPECT_THAT(tell(Accepted{2}), ElementsAre("send 2"));
}

TEST_F(TransferMachineTest, AFilterThatIsSilentIsKilled) {
  start({.filter = true, .filter_timeout = 30s});
  tell(Arrived{1, 10, {}});
  EXPECT_THAT(after(29s), IsEmpty());
  EXPECT_THAT(after(1s), ElementsAre("kill filter"));
}

TEST_F(TransferMachineTest, AFilterIsStoppedBeforeTheAgentLeaves) {
  start({.filter = true});
  EXPECT_THAT(tell(Stop{}), ElementsAre("stop filter", "close sink"));
  tell(SinkDown{});
  EXPECT_THAT(tell(SourceDown{}), IsEmpty());
  EXPECT_THAT(tell(FilterGone{"ended"}), ElementsAre("leave"));
}

TEST_F(TransferMachineTest, SettlingThatFailsIsTriedAgain) {
  start({});
  send(1);
  tell(Confirmed{1});
  EXPECT_THAT(tell(NotSettled{1}), IsEmpty());
  EXPECT_THAT(after(1s), ElementsAre("done 1"));
}

TEST_F(TransferMachineTest, AnswersAboutWhatIsNotInHandChangeNothing) {
  start({});
  for (const Event& event :
       {Event{Confirmed{7}}, Event{NotConfirmed{7, ""}}, Event{Refused{7, ""}}, Event{Accepted{7}},
        Event{Discarded{7}}, Event{Settled{7}}, Event{NotSettled{7}}}) {
    EXPECT_THAT(tell(event), IsEmpty());
  }
}

}  // namespace
}  // namespace simplevisor::transfer
