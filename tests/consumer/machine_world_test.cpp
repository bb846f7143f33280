// The consumer in a world of random faults: whatever happens, no message is lost.
#include <gtest/gtest.h>

#include <random>

#include "tests/consumer/machine_driver.hpp"

namespace simplevisor::consumer {
namespace {

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
    if (seed % 5 == 0) options.settlings_max = 2;
    World{seed, options}.run();
    if (HasFailure()) return;
  }
}

}  // namespace
}  // namespace simplevisor::consumer
