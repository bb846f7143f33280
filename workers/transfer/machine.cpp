#include "workers/transfer/machine.hpp"

#include <algorithm>

namespace simplevisor::transfer {
namespace {

using namespace std::chrono_literals;

constexpr Milliseconds reconnect_first = 10ms;
constexpr Milliseconds filter_first = 100ms;
constexpr Milliseconds idle_every = 1s;
constexpr unsigned fatalities_max = 3;

bool permanent(const Failure& failure) {
  return failure.kind == Failure::Kind::configuration || failure.kind == Failure::Kind::authentication ||
         failure.kind == Failure::Kind::no_place;
}

}  // namespace

Milliseconds Machine::backoff(Milliseconds first, unsigned failures) {
  constexpr Milliseconds longest = 30s;
  const unsigned doublings = std::min(failures - 1, 12U);
  return std::min(first * (1U << doublings), longest);
}

Machine::Machine(const MachineOptions& options) : options_{options} {
  if (options.count) arrivals_left_ = *options.count;
}

void Machine::handle(const Event& event, TimePoint now, std::vector<Action>& actions) {
  if (left_) return;
  now_ = now;
  actions_ = &actions;
  std::visit([this](const auto& e) { on(e); }, event);
  expire();
  plan();
  if (leaving_) go_on_leaving();
}

std::size_t Machine::room() const noexcept {
  if (leaving_ || source_.side != Side::open || blocked_) return 0;
  if (options_.filter && filter_ != FilterState::ready) return 0;
  const bool unopened = options_.lazy && sink_.side == Side::closed && sink_.again_at == TimePoint::max();
  if (sink_.side != Side::open && !unopened) return 0;
  if (items_.size() >= options_.window || bytes_ >= options_.window_bytes) return 0;
  const std::size_t window =
      unopened ? 1 - std::min<std::size_t>(items_.size(), 1) : options_.window - items_.size();
  return static_cast<std::size_t>(std::min<std::uint64_t>(window, arrivals_left_));
}

bool Machine::connected() const noexcept {
  return source_.side == Side::open && (sink_.side == Side::open || options_.lazy);
}

bool Machine::ready() const noexcept {
  return (source_.side == Side::open || options_.source_may_come_later) &&
         (sink_.side == Side::open || options_.sink_may_come_later || options_.lazy) &&
         (!options_.filter || filter_ == FilterState::ready) && !left_;
}

TimePoint Machine::next_deadline() const {
  if (left_) return TimePoint::max();
  TimePoint first = std::min({source_.again_at, sink_.again_at, filter_again_at_, filter_deadline_});
  if (!waits_for_filter()) first = std::min(first, linger_until_);
  if (!leaving_) first = std::min({first, over_at_, inactive_at_});
  if (!deadlines_.empty()) first = std::min(first, deadlines_.begin()->first);
  if (filter_wants_idle_ && filter_ == FilterState::ready && items_.empty() && !leaving_)
    first = std::min(first, idle_at_);
  return first;
}

// ---- the ends

void Machine::on(const Begin&) {
  if (options_.duration) over_at_ = now_ + *options_.duration;
  if (options_.filter) filter_again_at_ = now_;
  if (!options_.lazy) sink_.again_at = now_;
  source_.again_at = now_;
  if (arrivals_left_ == 0) leave(std::nullopt);
}

void Machine::on(const Stop&) {
  if (std::exchange(stop_asked_, true)) {
    linger_until_ = now_;
  } else if (leaving_ && !gave_back_ && !failure_ && options_.linger) {
    linger_until_ = now_ + *options_.linger;
  }
  leave(std::nullopt);
}

void Machine::on(const SourceUp&) {
  source_.side = Side::open;
  if (options_.inactivity) inactive_at_ = now_ + *options_.inactivity;
}

void Machine::on(const SourceEnd& event) {
  given_back_ += event.left;
  source_ended_ = true;
  leave(std::nullopt);
}

// What it had given us it gives again, to us or to another: nothing of it may be settled any more, and what was not
// sent yet need not be.
void Machine::on(const SourceDown& event) {
  const bool expected = source_.side == Side::closing;
  source_.side = Side::closed;
  inactive_at_ = TimePoint::max();
  for (auto item = items_.begin(); item != items_.end();) {
    const auto next = std::next(item);
    if (item->second.state == State::sent) {
      item->second.of_lost_source = true;
    } else {
      forget(item);
    }
    item = next;
  }
  if (!expected) reopen_or_leave(source_, event.failure);
}

void Machine::on(const SinkUp&) {
  sink_.side = Side::open;
  blocked_ = false;
}

void Machine::on(const SinkDown& event) {
  const bool expected = sink_.side == Side::closing;
  sink_.side = Side::closed;
  blocked_ = false;
  const std::set<Ticket> undecided = sent_;
  const bool blame = event.message_to_blame && !undecided.empty();
  for (const Ticket ticket : undecided) {
    const auto item = items_.find(ticket);
    if (blame && undecided.size() == 1) {
      settle(item, Verdict::quarantine, event.failure ? event.failure->message : "refused");
      continue;
    }
    item->second.suspect = item->second.suspect || blame;
    ++counters_.retried;
    move_to(item, State::ready);
  }
  if (expected) return;
  if (blame) {  // the broker is well: only a message was not
    sink_.again_at = now_;
    return;
  }
  reopen_or_leave(sink_, event.failure);
}

void Machine::reopen_or_leave(End& end, const std::optional<Failure>& failure) {
  const bool lost_for_good = failure && permanent(*failure);
  if (!options_.reconnect || lost_for_good) {
    leave(failure ? failure : Failure{Failure::Kind::unavailable, "the connection was closed"});
    return;
  }
  end.again_at = now_ + backoff(reconnect_first, ++end.failures);
  ++counters_.reconnects;
}

// ---- the filter

void Machine::on(const FilterReady& event) {
  filter_ = FilterState::ready;
  failed_starts_ = 0;
  filter_deadline_ = TimePoint::max();
  filter_window_ = std::max<std::size_t>(event.window, 1);
  filter_wants_idle_ = event.wants_idle;
  idle_at_ = now_ + idle_every;
}

void Machine::on(const FilterGone& event) {
  const bool failed_to_start = filter_ == FilterState::starting;
  filter_ = FilterState::absent;
  filter_deadline_ = TimePoint::max();
  filter_failed(event.reason);
  if (failed_to_start && options_.filter_starts_max && ++failed_starts_ >= *options_.filter_starts_max) {
    return leave(Failure{
        Failure::Kind::configuration,
        "the filter never got ready, tried " + std::to_string(failed_starts_) + " times: " + event.reason});
  }
  if (!leaving_ || !items_.empty()) filter_again_at_ = now_ + backoff(filter_first, ++filter_troubles_);
}

void Machine::filter_failed(const std::string& reason) {
  const std::set<Ticket> unanswered = checking_;
  if (!unanswered.empty()) progressed();  // towards knowing which of them is to blame
  for (const Ticket ticket : unanswered) {
    const auto item = items_.find(ticket);
    if (unanswered.size() == 1 && ++item->second.fatalities >= fatalities_max) {
      settle(item, Verdict::quarantine, reason);
      continue;
    }
    item->second.suspect = true;
    move_to(item, State::arrived);
  }
}

// ---- deadlines

void Machine::expire() {
  const auto due = [this](TimePoint& at) {
    if (at > now_) return false;
    at = TimePoint::max();
    return true;
  };
  if (due(source_.again_at) && (!leaving_ || !items_.empty())) {
    source_.side = Side::opening;
    act(OpenSource{});
  }
  if (due(sink_.again_at) && (!leaving_ || !items_.empty())) {
    sink_.side = Side::opening;
    act(OpenSink{});
  }
  if (due(filter_again_at_)) {
    filter_ = FilterState::starting;
    if (options_.filter_timeout > 0ms) filter_deadline_ = now_ + options_.filter_timeout;
    act(StartFilter{});
  }
  if (due(filter_deadline_)) act(KillFilter{});
  if (due(over_at_) || due(inactive_at_)) leave(std::nullopt);
  expire_items();
  if (filter_wants_idle_ && filter_ == FilterState::ready && items_.empty() && idle_at_ <= now_) {
    idle_at_ = now_ + idle_every;
    act(TellFilterIdle{});
  }
}

void Machine::expire_items() {
  bool overdue = false;
  while (!deadlines_.empty() && deadlines_.begin()->first <= now_) {
    const auto item = items_.find(deadlines_.begin()->second);
    set_deadline(item, TimePoint::max());
    switch (item->second.state) {
      case State::waiting:
        move_to(item, item->second.after_waiting);
        break;
      case State::settling:
        act(Settle{item->first, item->second.verdict, item->second.reason});
        break;
      case State::checking:
        overdue = true;
        break;
      case State::arrived:
      case State::ready:
      case State::sent:
        break;
    }
  }
  if (overdue && filter_ == FilterState::ready) act(KillFilter{});
}

// ---- what to do next

void Machine::plan() {
  plan_checks();
  plan_sends();
}

std::optional<Ticket> Machine::next_of(const std::set<Ticket>& queue,
                                       const std::set<Ticket>& in_flight) const {
  if (queue.empty()) return std::nullopt;
  const auto suspect = [this](Ticket ticket) { return items_.at(ticket).suspect; };
  if (!in_flight.empty() && suspect(*in_flight.begin())) return std::nullopt;
  const Ticket first = *queue.begin();
  if (suspect(first) && !in_flight.empty()) return std::nullopt;
  return first;
}

void Machine::plan_checks() {
  if (options_.filter && filter_ != FilterState::ready) return;
  const std::size_t window = options_.filter ? filter_window_ : SIZE_MAX;
  while (checking_.size() < window) {
    const auto ticket = next_of(arrived_, checking_);
    if (!ticket) return;
    const auto item = items_.find(*ticket);
    move_to(item, State::checking);
    if (options_.filter && options_.filter_timeout > 0ms) set_deadline(item, now_ + options_.filter_timeout);
    act(Check{*ticket});
  }
}

void Machine::plan_sends() {
  if (ready_.empty()) return;
  if (sink_.side == Side::closed && sink_.again_at == TimePoint::max() && options_.lazy) {
    sink_.side = Side::opening;
    act(OpenSink{});
  }
  if (sink_.side != Side::open || blocked_) return;
  while (const auto ticket = next_of(ready_, sent_)) {
    move_to(items_.find(*ticket), State::sent);
    act(Send{*ticket});
  }
}

// ---- leaving

void Machine::leave(std::optional<Failure> failure) {
  if (failure && !failure_) failure_ = std::move(failure);
  if (!leaving_) {
    leaving_ = true;
    if (options_.linger) linger_until_ = now_ + *options_.linger;
  }
  // What is in hand cannot be sent any more.
  if (failure_) linger_until_ = now_;
}

// Nobody has asked us to stop, so that only standing still ends it.
void Machine::progressed() {
  if (!leaving_ || stop_asked_ || failure_ || gave_back_ || !options_.linger) return;
  linger_until_ = now_ + *options_.linger;
}

// For as long as its own time-out allows. One that is gone is waited for until it has died once more than it takes to blame
// one message.
bool Machine::waits_for_filter() const noexcept {
  if (!options_.filter || options_.filter_timeout == 0ms || stop_asked_ || failure_) return false;
  if (filter_ == FilterState::absent && filter_troubles_ > fatalities_max + 1) return false;
  return !checking_.empty() || !arrived_.empty();
}

void Machine::go_on_leaving() {
  if (!items_.empty() && !gave_back_ && linger_until_ <= now_ && !waits_for_filter()) {
    gave_back_ = true;
    linger_until_ = TimePoint::max();
    for (auto item = items_.begin(); item != items_.end();) {
      const auto next = std::next(item);
      if (item->second.state != State::settling)
        settle(item, Verdict::give_back);
      else if (item->second.deadline != TimePoint::max())
        leave_behind(item);
      item = next;
    }
  }
  if (!items_.empty()) return;
  linger_until_ = TimePoint::max();
  filter_again_at_ = sink_.again_at = source_.again_at = TimePoint::max();
  if (filter_ == FilterState::starting || filter_ == FilterState::ready) {
    filter_ = FilterState::stopping;
    filter_deadline_ = now_ + 5s;
    act(StopFilter{});
  }
  if (sink_.side == Side::open || sink_.side == Side::opening) {
    sink_.side = Side::closing;
    act(CloseSink{});
  }
  if (sink_.side != Side::closed) return;
  if (source_.side == Side::open || source_.side == Side::opening) {
    source_.side = Side::closing;
    act(CloseSource{});
  }
  if (source_.side != Side::closed || filter_ != FilterState::absent) return;
  left_ = true;
  act(Leave{failure_, given_back_, hopeless_});
}

}  // namespace simplevisor::transfer
