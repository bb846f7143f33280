// The messages in hand: what happens to each, and the books in which it stands.
#include "workers/transfer/machine.hpp"

namespace simplevisor::transfer {
namespace {

using namespace std::chrono_literals;

constexpr Milliseconds retry_first = 100ms;
constexpr Milliseconds settle_first = 1s;

}  // namespace

// ---- messages

void Machine::on(const Arrived& event) {
  if (options_.inactivity) inactive_at_ = now_ + *options_.inactivity;
  source_.failures = 0;
  const auto item = items_.try_emplace(event.ticket).first;
  item->second.bytes = event.bytes;
  bytes_ += event.bytes;
  arrived_.insert(event.ticket);
  if (arrivals_left_ == 0 || leaving_) return settle(item, Verdict::give_back);
  ++counters_.received;
  if (event.unusable) settle(item, Verdict::quarantine, *event.unusable);
  if (--arrivals_left_ == 0) leave(std::nullopt);
}

void Machine::on(const Accepted& event) {
  const auto item = find_in(State::checking, event.ticket);
  if (item == items_.end()) return;
  filter_works();
  progressed();
  item->second.suspect = false;
  move_to(item, State::ready);
}

void Machine::on(const Discarded& event) {
  const auto item = find_in(State::checking, event.ticket);
  if (item == items_.end()) return;
  filter_works();
  progressed();
  ++counters_.discarded;
  settle(item, Verdict::done);
}

void Machine::on(const CheckLater& event) {
  const auto item = find_in(State::checking, event.ticket);
  if (item == items_.end()) return;
  filter_works();
  ++counters_.retried;
  wait(item, State::arrived, event.delay.value_or(1s));
}

void Machine::on(const CheckFailed& event) {
  const auto item = find_in(State::checking, event.ticket);
  if (item == items_.end()) return;
  filter_works();
  progressed();
  settle(item, Verdict::quarantine, event.reason);
}

void Machine::on(const Confirmed& event) {
  const auto item = find_in(State::sent, event.ticket);
  if (item == items_.end()) return;
  progressed();
  ++counters_.sent;
  sink_.failures = 0;
  settle(item, Verdict::done);
}

void Machine::on(const NotConfirmed& event) {
  const auto item = find_in(State::sent, event.ticket);
  if (item == items_.end()) return;
  ++counters_.retried;
  item->second.reason = event.reason;
  wait(item, State::ready, backoff(retry_first, ++item->second.failures));
}

void Machine::on(const Refused& event) {
  const auto item = find_in(State::sent, event.ticket);
  if (item == items_.end()) return;
  progressed();
  settle(item, Verdict::quarantine, event.reason);
}

void Machine::on(const Settled& event) {
  const auto item = find_in(State::settling, event.ticket);
  if (item == items_.end()) return;
  progressed();
  if (item->second.verdict == Verdict::give_back) {
    ++given_back_;
  } else if (!event.lost) {
    ++counters_.settled;
    if (item->second.verdict == Verdict::quarantine) ++counters_.quarantined;
  }
  forget(item);
}

void Machine::on(const NotSettled& event) {
  const auto item = find_in(State::settling, event.ticket);
  if (item == items_.end()) return;
  if (gave_back_) return leave_behind(item);
  set_deadline(item, now_ + backoff(settle_first, ++item->second.failures));
}

// ---- the books

std::set<Ticket>* Machine::index_of(State state) {
  switch (state) {
    case State::arrived:
      return &arrived_;
    case State::checking:
      return &checking_;
    case State::ready:
      return &ready_;
    case State::sent:
      return &sent_;
    case State::waiting:
    case State::settling:
      return nullptr;
  }
  return nullptr;
}

Machine::Items::iterator Machine::find_in(State state, Ticket ticket) {
  const auto item = items_.find(ticket);
  return item != items_.end() && item->second.state == state ? item : items_.end();
}

void Machine::set_deadline(Items::iterator item, TimePoint deadline) {
  if (item->second.deadline != TimePoint::max()) deadlines_.erase({item->second.deadline, item->first});
  item->second.deadline = deadline;
  if (deadline != TimePoint::max()) deadlines_.emplace(deadline, item->first);
}

void Machine::move_to(Items::iterator item, State state) {
  set_deadline(item, TimePoint::max());
  if (auto* index = index_of(item->second.state)) index->erase(item->first);
  item->second.state = state;
  if (auto* index = index_of(state)) index->insert(item->first);
}

void Machine::wait(Items::iterator item, State then, Milliseconds delay) {
  move_to(item, State::waiting);
  item->second.after_waiting = then;
  set_deadline(item, now_ + delay);
}

void Machine::settle(Items::iterator item, Verdict verdict, std::string reason) {
  if (item->second.of_lost_source) return forget(item);
  move_to(item, State::settling);
  item->second.verdict = verdict;
  item->second.failures = 0;
  item->second.reason = std::move(reason);
  act(Settle{item->first, verdict, item->second.reason});
}

// Nothing more can be done about it: the source keeps it, so it comes again.
void Machine::leave_behind(Items::iterator item) {
  ++given_back_;
  if (item->second.verdict == Verdict::quarantine) ++hopeless_;
  forget(item);
}

void Machine::forget(Items::iterator item) {
  move_to(item, State::settling);  // which has no index
  bytes_ -= item->second.bytes;
  act(Forget{item->first});
  items_.erase(item);
}

}  // namespace simplevisor::transfer
