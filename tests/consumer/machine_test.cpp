#include "workers/consumer/machine.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

namespace simplevisor::consumer {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

std::string told(const Action& action) {
  struct {
    std::string operator()(const Take& a) { return "take " + std::to_string(a.queue); }
    std::string operator()(const Handle& a) {
      return "handle " + std::to_string(a.ticket) + " try " + std::to_string(a.attempt);
    }
    std::string operator()(const Kill& a) { return "kill " + std::to_string(a.ticket); }
    std::string operator()(const Remember& a) {
      return "remember " + std::to_string(a.ticket) + " failures " + std::to_string(a.failures);
    }
    std::string operator()(const Finish& a) { return "finish " + std::to_string(a.ticket); }
    std::string operator()(const Bury& a) { return "bury " + std::to_string(a.ticket) + ": " + a.reason; }
    std::string operator()(const GiveBack& a) { return "give back " + std::to_string(a.ticket); }
    std::string operator()(const Renew& a) { return "renew " + std::to_string(a.ticket); }
    std::string operator()(const Purge& a) { return "purge " + std::to_string(a.queue); }
    std::string operator()(const StartHandler&) { return "start handler"; }
    std::string operator()(const StopHandler&) { return "stop handler"; }
    std::string operator()(const KillHandler&) { return "kill handler"; }
    std::string operator()(const TellIdle&) { return "tell idle"; }
    std::string operator()(const Leave&) { return "leave"; }
  } words;
  return std::visit(words, action);
}

// A machine with a virtual clock. Each call returns what the machine ordered, in words. After fill() the queue answers
// by itself, at once, and its orders are not told.
class Driven {
 public:
  explicit Driven(MachineOptions options) : machine_{quieted(options)} {}

  std::vector<std::string> tell(const Event& event) {
    std::vector<std::string> words;
    std::deque<Event> events{event};
    for (; !events.empty(); events.pop_front()) {
      std::vector<Action> actions;
      machine_.handle(events.front(), now_, actions);
      for (const Action& action : actions) {
        const auto* take = std::get_if<Take>(&action);
        if (take != nullptr) taking = take->ticket;
        if (take != nullptr && elements_)
          events.push_back(answer());
        else
          words.push_back(told(action));
      }
    }
    return words;
  }
  // From now on the queue has `count` elements, and then no more. A Take is open.
  std::vector<std::string> fill(int count) {
    elements_ = count;
    return tell(answer());
  }
  void wait(Milliseconds span) { now_ += span; }
  std::vector<std::string> advance(Milliseconds span) {
    now_ += span;
    return tell(Tick{});
  }
  [[nodiscard]] Milliseconds until_deadline() const {
    return std::chrono::duration_cast<Milliseconds>(machine_.next_deadline() - now_);
  }
  Machine& machine() { return machine_; }
  Ticket taking = 0;

 private:
  static MachineOptions quieted(MachineOptions options) {
    options.purge_every = 0ms;
    return options;
  }
  Event answer() {
    if (*elements_ == 0) return NothingThere{taking};
    --*elements_;
    return Taken{taking, 0, ""};
  }

  Machine machine_;
  TimePoint now_{1h};
  std::optional<int> elements_;
};

MachineOptions exec(std::size_t window = 1) {
  return {.window = window};
}
MachineOptions stream(std::size_t window = 4) {
  return {.persistent_handler = true, .window = window};
}

Driven started_stream(std::size_t window) {
  Driven driven{stream(window)};
  driven.tell(Begin{});
  driven.tell(HandlerReady{window, false});
  return driven;
}

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

// A world around the machine in which everything goes wrong now and then. Whatever happens, each message ends once.
class World {
 public:
  World(std::uint32_t seed, MachineOptions options) : random_{seed}, options_{options}, machine_{options} {}

  void run() {
    send(Begin{});
    for (int steps = 0; !left_; ++steps) {
      ASSERT_LT(steps, 20'000) << "it does not come to an end";
      ASSERT_LE(machine_.in_flight(), options_.window);
      ASSERT_LE(machine_.held(), std::max(options_.held_max, options_.window + 1));
      if (steps == 1'000) send(Drain{});
      if (!open_.empty() && chance(70))
        answer();
      else if (alive_ && !ready_)
        become_ready();
      else
        tick();
    }
    EXPECT_EQ(ended_.size() + queue_, messages_);
  }

 private:
  bool chance(unsigned percent) { return random_() % 100 < percent; }

  void tick() {
    const TimePoint next = machine_.next_deadline();
    if (next != TimePoint::max()) now_ = std::max(now_, next);
    send(Tick{});
  }
  void become_ready() {
    ready_ = chance(90);
    if (ready_)
      send(HandlerReady{1 + random_() % 6, false});
    else
      die();
  }
  void die() {
    alive_ = ready_ = false;
    open_.clear();
    send(HandlerGone{"died"});
  }
  void answer() {
    auto it = open_.begin();
    std::advance(it, random_() % open_.size());
    const Ticket ticket = *it;
    if (options_.persistent_handler && chance(10)) return die();
    open_.erase(it);
    if (chance(60))
      send(Done{ticket});
    else if (chance(40))
      send(Later{ticket, Milliseconds{random_() % 3000}});
    else if (chance(50))
      send(Failed{ticket, "no"});
    else if (chance(50))
      send(NotHandled{ticket});
    else
      send(Unusable{ticket, "no message"});
  }

  void send(const Event& event) {
    std::vector<Action> actions;
    machine_.handle(event, now_, actions);
    for (const Action& action : actions) {
      std::visit([this](const auto& a) { perform(a); }, action);
    }
    while (!answers_.empty()) {
      const Event next = answers_.front();
      answers_.pop_front();
      send(next);
    }
  }

  void perform(const Take& take) {
    if (chance(5)) return answers_.push_back(TakeFailed{take.ticket});
    if (queue_ == 0) return answers_.push_back(NothingThere{take.ticket});
    --queue_;
    EXPECT_TRUE(locked_.insert(take.ticket).second);
    answers_.push_back(Taken{take.ticket, static_cast<unsigned>(random_() % 3), "before"});
  }
  void perform(const Handle& handle) {
    EXPECT_TRUE(locked_.contains(handle.ticket));
    EXPECT_TRUE(open_.insert(handle.ticket).second) << "handled twice at a time";
    if (options_.persistent_handler) {
      EXPECT_TRUE(ready_);
    }
  }
  void perform(const Kill& kill) {
    if (options_.persistent_handler) return killed();
    if (open_.erase(kill.ticket) == 1) answers_.push_back(Failed{kill.ticket, "killed"});
  }
  void perform(const KillHandler&) { killed(); }
  void killed() {
    if (options_.persistent_handler) {
      if (!std::exchange(alive_, false)) return;
      ready_ = false;
      answers_.push_back(HandlerGone{"killed"});
    } else {
      for (const Ticket ticket : open_) answers_.push_back(Failed{ticket, "killed"});
    }
    open_.clear();
  }
  void settle(Ticket ticket, bool ends) {
    EXPECT_TRUE(locked_.contains(ticket));
    EXPECT_FALSE(open_.contains(ticket));
    if (chance(10)) return answers_.push_back(NotSettled{ticket});
    locked_.erase(ticket);
    if (ends)
      EXPECT_TRUE(ended_.insert(ticket).second);
    else
      ++queue_;
    answers_.push_back(Settled{ticket});
  }
  void perform(const Finish& finish) { settle(finish.ticket, true); }
  void perform(const Bury& bury) { settle(bury.ticket, true); }
  void perform(const GiveBack& back) {
    // A lock that will not go is left to a purge: the element is back in the queue all the same.
    EXPECT_EQ(locked_.erase(back.ticket), 1U);
    ++queue_;
    if (chance(10))
      answers_.push_back(NotSettled{back.ticket});
    else
      answers_.push_back(Settled{back.ticket});
  }
  void perform(const StartHandler&) {
    EXPECT_FALSE(alive_);
    alive_ = true;
  }
  void perform(const StopHandler&) { killed(); }
  void perform(const Renew& renew) { EXPECT_TRUE(locked_.contains(renew.ticket)); }
  void perform(const Remember&) {}
  void perform(const Purge&) {}
  void perform(const TellIdle&) {}
  void perform(const Leave&) {
    EXPECT_TRUE(locked_.empty());
    left_ = true;
  }

  static constexpr std::size_t messages_ = 60;
  std::mt19937 random_;
  MachineOptions options_;
  Machine machine_;
  TimePoint now_{1h};
  std::size_t queue_ = messages_;
  std::set<Ticket> locked_;
  std::set<Ticket> open_;
  std::set<Ticket> ended_;
  std::deque<Event> answers_;
  bool alive_ = false;
  bool ready_ = false;
  bool left_ = false;
};

TEST(World, LosesNoMessageWhateverHappens) {
  for (std::uint32_t seed = 0; seed < 150; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    MachineOptions options{.window = 1 + seed % 5, .held_max = 8 + seed % 20, .until_empty = seed % 3 != 0};
    options.persistent_handler = seed % 2 == 0;
    World{seed, options}.run();
    if (HasFailure()) return;
  }
}

}  // namespace
}  // namespace simplevisor::consumer
