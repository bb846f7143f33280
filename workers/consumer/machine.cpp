#include "workers/consumer/machine.hpp"

#include <algorithm>

namespace simplevisor::consumer {
namespace {

using namespace std::chrono_literals;

constexpr Milliseconds handler_backoff_first = 100ms;
constexpr Milliseconds trouble_backoff_first = 1s;
constexpr Milliseconds backoff_max = 30s;
constexpr Milliseconds idle_every = 1s;

// The delay after `troubles` failures in a row, the first being 1.
Milliseconds backoff(Milliseconds first, unsigned troubles) {
  const unsigned doublings = std::min(troubles - 1, 10U);
  return std::min(first * (1U << doublings), backoff_max);
}

}  // namespace

Machine::Machine(const MachineOptions& options)
    : options_{options}, queues_(options.queues), window_{options.window} {
  options_.held_max = std::max(options_.held_max, options_.window + 1);
}

void Machine::handle(const Event& event, TimePoint now, std::vector<Action>& actions) {
  if (left_) return;
  now_ = now;
  actions_ = &actions;
  std::visit([this](const auto& e) { on(e); }, event);
  expire();
  plan();
  leave_if_possible();
}

TimePoint Machine::next_deadline() const {
  if (left_) return TimePoint::max();
  TimePoint first = std::min({handler_deadline_, purge_at_, drain_deadline_});
  if (!deadlines_.empty()) first = std::min(first, deadlines_.begin()->first);
  if (!held_.empty()) first = std::min(first, renew_at_);
  if (draining_) return first;
  if (handler_ != HandlerState::stopping && handler_not_before_ > now_)
    first = std::min(first, handler_not_before_);
  if (handler_ == HandlerState::ready && wants_idle_ && quiet() && in_flight_ == 0)
    first = std::min(first, idle_at_);
  for (const Queue& queue : queues_) {
    if (!queue.promising)
      first = std::min(first, queue.poll_at);
    else if (queue.not_before > now_)
      first = std::min(first, queue.not_before);
  }
  return first;
}

bool Machine::quiet() const noexcept {
  return !taking_ && std::ranges::none_of(queues_, &Queue::promising);
}

// ---- events

void Machine::on(const Begin&) {
  handler_ = options_.persistent_handler ? HandlerState::absent : HandlerState::ready;
  renew_at_ = now_ + options_.renew_every;
  if (options_.purge_every > 0ms) purge_at_ = now_;
}

void Machine::on(const Tick&) {}  // handle() looks at the deadlines after every event

void Machine::on(const Woken& event) {
  Queue& queue = queues_[event.queue];
  queue.promising = true;
  queue.again = true;
}

void Machine::on(const Drain&) {
  if (draining_) {
    drain_deadline_ = now_;
    return;
  }
  draining_ = true;
  drain_deadline_ = now_ + options_.drain_timeout;
  for (auto held = held_.begin(); held != held_.end(); ++held) {
    if (held->second.state == State::waiting || held->second.state == State::due)
      settle(held, Settling::give_back);
  }
}

void Machine::on(const Taken& event) {
  if (!taking_ || taking_->first != event.ticket) return;
  Queue& queue = queues_[taking_->second];
  queue.again = true;
  queue.troubles = 0;
  const auto [held, fresh] = held_.try_emplace(event.ticket);
  held->second.queue = taking_->second;
  held->second.failures = event.failures;
  held->second.reason = event.last_reason;
  taking_.reset();
  ++counters_.taken;
  if (draining_) return settle(held, Settling::give_back);
  // Killed between the last failure and the burial: it is not owed another try.
  if (event.failures >= options_.attempts) return settle(held, Settling::bury);
  make_due(held);
}

void Machine::on(const NothingThere& event) {
  if (!taking_ || taking_->first != event.ticket) return;
  Queue& queue = queues_[taking_->second];
  taking_.reset();
  queue.troubles = 0;
  queue.promising = std::exchange(queue.again, false);
  queue.poll_at = now_ + options_.poll;
}

void Machine::on(const TakeFailed& event) {
  if (!taking_ || taking_->first != event.ticket) return;
  Queue& queue = queues_[taking_->second];
  taking_.reset();
  queue.not_before = now_ + backoff(trouble_backoff_first, ++queue.troubles);
}

void Machine::on(const Done& event) {
  const auto held = find_in(State::handling, event.ticket);
  if (held == held_.end()) return;
  handler_works();
  leave_flight(held);
  settle(held, Settling::finish);
}

void Machine::on(const Later& event) {
  const auto held = find_in(State::handling, event.ticket);
  if (held == held_.end()) return;
  handler_works();
  ++counters_.later;
  leave_flight(held);
  if (draining_) return settle(held, Settling::give_back);
  held->second.alone = false;
  wait(held, event.delay.value_or(options_.retry_delay));
}

void Machine::on(const Failed& event) {
  const auto held = find_in(State::handling, event.ticket);
  if (held == held_.end()) return;
  handler_works();
  const bool overdue = held->second.overdue;
  leave_flight(held);
  // Killed because we leave, not because of anything it did.
  if (hurried_ && !overdue) return settle(held, Settling::give_back);
  held->second.alone = false;
  failed(held, overdue ? "no answer within the time allowed" : event.reason);
}

void Machine::on(const Unusable& event) {
  const auto held = find_in(State::handling, event.ticket);
  if (held == held_.end()) return;
  ++counters_.failed;
  leave_flight(held);
  ++held->second.failures;
  held->second.reason = event.reason;
  settle(held, Settling::bury);
}

void Machine::on(const NotHandled& event) {
  const auto held = find_in(State::handling, event.ticket);
  if (held == held_.end()) return;
  leave_flight(held);
  const bool first = handler_not_before_ <= now_;
  if (first) back_off_handler();
  if (draining_) return settle(held, Settling::give_back);
  make_due(held);
  if (first && !event.hopeless.empty()) not_started(event.hopeless);
}

void Machine::on(const LockLost& event) {
  const auto held = held_.find(event.ticket);
  if (held == held_.end()) return;
  ++counters_.lost;
  if (held->second.state == State::handling) leave_flight(held);
  forget(held);
}

void Machine::on(const Settled& event) {
  const auto held = find_in(State::settling, event.ticket);
  if (held == held_.end()) return;
  if (held->second.settling == Settling::finish) ++counters_.done;
  if (held->second.settling == Settling::bury) ++counters_.dead;
  forget(held);
}

void Machine::on(const NotSettled& event) {
  const auto held = find_in(State::settling, event.ticket);
  if (held == held_.end()) return;
  // Nothing more can be done about a lock that will not go: it ages, and a purge breaks it.
  if (held->second.settling == Settling::give_back) return forget(held);
  if (hurried_ || (draining_ && held->second.settling == Settling::bury))
    return settle(held, Settling::give_back);
  ++held->second.unsettled;
  if (!draining_ && options_.settlings_max && held->second.unsettled >= *options_.settlings_max) {
    settle(held, Settling::give_back);
    return on(Drain{});
  }
  set_deadline(held, now_ + backoff(trouble_backoff_first, held->second.unsettled));
}

void Machine::on(const HandlerReady& event) {
  if (handler_ != HandlerState::starting) return;
  handler_ = HandlerState::ready;
  handler_deadline_ = TimePoint::max();
  failed_starts_ = 0;
  window_ = std::clamp<std::size_t>(event.window, 1, options_.window);
  wants_idle_ = event.wants_idle;
  idle_at_ = now_;
}

void Machine::on(const HandlerGone& event) {
  const bool expected = handler_ == HandlerState::stopping;
  const bool was_starting = handler_ == HandlerState::starting;
  handler_ = HandlerState::absent;
  handler_deadline_ = TimePoint::max();
  reoffer_unanswered(event.reason);
  if (!expected) back_off_handler();
  if (was_starting) not_started(event.reason);
}

// ---- deadlines

void Machine::expire() {
  expire_held();
  if (handler_deadline_ <= now_) {
    handler_deadline_ = TimePoint::max();  // HandlerGone follows
    act(KillHandler{});
  }
  if (renew_at_ <= now_) {
    renew_at_ = now_ + options_.renew_every;
    for (const auto& [ticket, held] : held_) {
      if (!being_settled(held)) act(Renew{ticket});
    }
  }
  if (purge_at_ <= now_ && !draining_) {
    purge_at_ = now_ + options_.purge_every;
    for (QueueIndex queue = 0; queue < queues_.size(); ++queue) act(Purge{queue});
  }
  for (Queue& queue : queues_) {
    if (!queue.promising && queue.poll_at <= now_) queue.promising = true;
  }
  if (drain_deadline_ <= now_) {
    drain_deadline_ = TimePoint::max();
    hurried_ = true;
    for (auto held = held_.begin(); held != held_.end(); ++held) {
      if (held->second.state == State::settling && !being_settled(held->second))
        settle(held, Settling::give_back);
    }
    if (in_flight_ > 0 || (options_.persistent_handler && handler_ != HandlerState::absent))
      act(KillHandler{});
  }
}

void Machine::expire_held() {
  while (!deadlines_.empty() && deadlines_.begin()->first <= now_) {
    const auto held = held_.find(deadlines_.begin()->second);
    set_deadline(held, TimePoint::max());
    switch (held->second.state) {
      case State::waiting:
        make_due(held);
        break;
      case State::settling:
        act_on_settling(held);
        break;
      case State::handling:
        held->second.overdue = true;
        act(Kill{held->first});
        break;
      case State::due:
        break;
    }
  }
}

// ---- planning

bool Machine::may_handle() const {
  return !draining_ && handler_ == HandlerState::ready && handler_not_before_ <= now_;
}

void Machine::plan() {
  if (draining_) return;
  if (handler_ == HandlerState::absent && handler_not_before_ <= now_) start_handler();
  while (may_handle() && !taking_ && !alone_in_flight_) {
    if (!due_alone_.empty()) {
      if (in_flight_ == 0) start_handling(held_.find(due_alone_.front()));
      return;
    }
    if (in_flight_ >= window_) return;
    if (!due_.empty()) {
      start_handling(held_.find(due_.front()));
      continue;
    }
    if (held_.size() >= options_.held_max) return;
    const auto queue = next_queue();
    if (!queue) break;
    taking_ = {++last_ticket_, *queue};
    act(Take{last_ticket_, *queue});
  }
  if (!quiet() || in_flight_ > 0) return;
  if (may_handle() && wants_idle_ && idle_at_ <= now_) {
    idle_at_ = now_ + idle_every;
    act(TellIdle{});
  }
  if (options_.until_empty && held_.empty()) on(Drain{});
}

std::optional<QueueIndex> Machine::next_queue() {
  for (std::size_t tried = 0; tried < queues_.size(); ++tried) {
    const QueueIndex queue = cursor_;
    cursor_ = (cursor_ + 1) % queues_.size();
    if (queues_[queue].promising && queues_[queue].not_before <= now_) return queue;
  }
  return std::nullopt;
}

void Machine::start_handler() {
  handler_ = HandlerState::starting;
  if (options_.start_timeout > 0ms) handler_deadline_ = now_ + options_.start_timeout;
  act(StartHandler{});
}

void Machine::back_off_handler() {
  handler_not_before_ = now_ + backoff(handler_backoff_first, ++handler_troubles_);
}

void Machine::handler_works() {
  handler_troubles_ = 0;
  failed_starts_ = 0;
}

void Machine::not_started(const std::string& reason) {
  if (draining_ || !options_.handler_starts_max || ++failed_starts_ < *options_.handler_starts_max) return;
  failure_ =
      "given up after " + std::to_string(failed_starts_) + " starts of the handler that failed: " + reason;
  on(Drain{});
}

void Machine::leave_if_possible() {
  if (!draining_ || !held_.empty() || taking_) return;
  if (options_.persistent_handler && handler_ != HandlerState::absent) {
    if (handler_ == HandlerState::stopping) return;
    handler_ = HandlerState::stopping;
    handler_deadline_ = drain_deadline_;
    // Past the deadline it has been killed already.
    if (!hurried_) act(StopHandler{});
    return;
  }
  left_ = true;
  act(Leave{failure_});
}

}  // namespace simplevisor::consumer
