// workers/consumer/machine_held.cpp
//
// The part of the machine that moves one held message from state to state. Every state has at most one
// deadline, and `deadlines_`, `due_` and the counts follow from here only.
#include <algorithm>
#include <utility>

#include "workers/consumer/machine.hpp"

namespace simplevisor::consumer {
namespace {

using namespace std::chrono_literals;

constexpr Milliseconds delay_min = 10ms;
constexpr Milliseconds delay_max = 24h;

}  // namespace

Machine::HeldMap::iterator Machine::find_in(State state, Ticket ticket) {
  const auto held = held_.find(ticket);
  return held != held_.end() && held->second.state == state ? held : held_.end();
}

// Its end has been ordered and is not told yet. By the time that a further order were carried out, the lock might be
// gone, so there is none.
bool Machine::being_settled(const Held& held) noexcept {
  return held.state == State::settling && held.deadline == TimePoint::max();
}

void Machine::set_deadline(HeldMap::iterator held, TimePoint deadline) {
  if (held->second.deadline != TimePoint::max()) deadlines_.erase({held->second.deadline, held->first});
  held->second.deadline = deadline;
  if (deadline != TimePoint::max()) deadlines_.emplace(deadline, held->first);
}

void Machine::make_due(HeldMap::iterator held) {
  held->second.state = State::due;
  set_deadline(held, TimePoint::max());
  (held->second.alone ? due_alone_ : due_).push_back(held->first);
}

// A handler that says "later, without delay" again and again shall not turn us into a busy loop; nor shall a
// mistaken one hold an element for years.
void Machine::wait(HeldMap::iterator held, Milliseconds delay) {
  held->second.state = State::waiting;
  set_deadline(held, now_ + std::clamp(delay, delay_min, delay_max));
}

void Machine::start_handling(HeldMap::iterator held) {
  std::deque<Ticket>& from = held->second.alone ? due_alone_ : due_;
  from.pop_front();
  held->second.state = State::handling;
  held->second.overdue = false;
  ++in_flight_;
  alone_in_flight_ = held->second.alone;
  if (options_.handler_timeout > 0ms) set_deadline(held, now_ + options_.handler_timeout);
  act(Handle{held->first, held->second.failures + 1});
}

void Machine::leave_flight(HeldMap::iterator held) {
  --in_flight_;
  if (held->second.alone) alone_in_flight_ = false;
  set_deadline(held, TimePoint::max());
}

void Machine::failed(HeldMap::iterator held, std::string reason) {
  ++counters_.failed;
  Held& message = held->second;
  ++message.failures;
  message.reason = std::move(reason);
  // Before the burial too: killed between the two, the next taker must know that there is nothing left to
  // try.
  act(Remember{held->first, message.failures, message.reason});
  if (message.failures >= options_.attempts)
    settle(held, Settling::bury);
  else if (draining_)
    settle(held, Settling::give_back);
  else
    wait(held, options_.retry_delay);
}

void Machine::settle(HeldMap::iterator held, Settling how) {
  if (held->second.state == State::due) std::erase(held->second.alone ? due_alone_ : due_, held->first);
  held->second.state = State::settling;
  held->second.settling = how;
  set_deadline(held, TimePoint::max());
  act_on_settling(held);
}

void Machine::act_on_settling(HeldMap::iterator held) {
  switch (held->second.settling) {
    case Settling::finish:
      return act(Finish{held->first});
    case Settling::bury:
      return act(Bury{held->first, held->second.failures, held->second.reason});
    case Settling::give_back:
      return act(GiveBack{held->first});
  }
}

void Machine::forget(HeldMap::iterator held) {
  if (held->second.state == State::due) std::erase(held->second.alone ? due_alone_ : due_, held->first);
  set_deadline(held, TimePoint::max());
  held_.erase(held);
}

void Machine::reoffer_unanswered(const std::string& reason) {
  std::vector<HeldMap::iterator> unanswered;
  for (auto held = held_.begin(); held != held_.end(); ++held) {
    if (held->second.state == State::handling) unanswered.push_back(held);
  }
  const bool one_is_overdue =
      std::ranges::any_of(unanswered, [](const auto& held) { return held->second.overdue; });
  for (const auto held : unanswered) {
    const bool overdue = held->second.overdue;
    leave_flight(held);
    if (hurried_ && !overdue) {  // NOLINT(bugprone-branch-clone): what comes first decides
      settle(held, Settling::give_back);
    } else if (overdue) {
      failed(held, "no answer within the time allowed");
    } else if (unanswered.size() == 1) {
      held->second.alone = true;  // it may do so again: let nobody else be hit
      failed(held, reason);
    } else if (draining_) {
      settle(held, Settling::give_back);
    } else {
      // With one overdue the others are known to be innocent.
      if (!one_is_overdue) held->second.alone = true;
      make_due(held);
    }
  }
}

}  // namespace simplevisor::consumer
