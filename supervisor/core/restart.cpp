// What the end of a child leads to: rules 13 to 46.
#include <cassert>

#include "supervisor/core/backoff.hpp"
#include "supervisor/core/tree.hpp"

namespace simplevisor::core {

// Rule 13.
void Tree::handle_death(NodeId id, NodeId child_id) {
  Node& child = at(child_id);
  const bool simple = supervisor_of(id).spec->strategy == Strategy::simple_one_for_one;
  switch (child.spec->restart) {
    case Restart::permanent:
      return restart(id, child_id);
    case Restart::transient:
      if (child.ending == Ending::abnormal) return restart(id, child_id);
      set_state(child, ChildState::stopped);
      if (simple) remove_child(child_id);
      break;
    case Restart::temporary:
      set_state(child, ChildState::stopped);
      remove_child(child_id);
      break;
  }
  check_auto_shutdown(id, child_id);
}

// Rules 43 and 44; `child` has ended by itself and is not restarted.
void Tree::check_auto_shutdown(NodeId id, NodeId child_id) {
  const Supervisor& supervisor = supervisor_of(id);
  if (!node(child_id).spec->significant) return;
  switch (supervisor.spec->auto_shutdown) {
    case AutoShutdown::never:
      return;
    case AutoShutdown::any_significant:
      break;
    case AutoShutdown::all_significant:
      for (NodeId other = supervisor.first; other != NodeId::none; other = node(other).next) {
        if (node(other).spec->significant && node(other).state != ChildState::stopped) return;
      }
      break;
  }
  report(Report::Kind::auto_shutdown, id, child_id);
  begin_exit(id, EndCause::auto_shutdown, child_id);
}

// A restart counts first (rules 15, 25).
bool Tree::count_restart(NodeId id, NodeId child_id) {
  Supervisor& supervisor = supervisor_of(id);
  if (supervisor.history.allow(now_)) return true;
  if (supervisor.spec->on_exhausted == OnExhausted::cool_down) {
    report(Report::Kind::cooling_down, id, child_id);
    wait_counted(child_id, supervisor.spec->cool_down);
    at(child_id).cooling = true;
    return false;
  }
  report(Report::Kind::gave_up, id, child_id);
  begin_exit(id, EndCause::gave_up, child_id);  // rule 37
  return false;
}

void Tree::restart(NodeId id, NodeId child_id) {
  if (!count_restart(id, child_id)) return;
  report(Report::Kind::restarting, id, child_id);
  const Milliseconds delay = next_delay(child_id);
  if (delay > Milliseconds{0}) return wait_counted(child_id, delay);
  restart_now(id, child_id);
}

// Rule 31: the retry counts, then is a restart of the failed child. Its delay, if any, lies behind it.
void Tree::retry(NodeId id, NodeId child_id) {
  if (count_restart(id, child_id)) restart_now(id, child_id);
}

Milliseconds Tree::next_delay(NodeId child_id) {
  Node& child = at(child_id);
  const Backoff& backoff = child.spec->backoff;
  if (backoff.initial <= Milliseconds{0}) return Milliseconds{0};
  return backoff_delay(backoff, ++child.restarts_in_row, seed_ ^ static_cast<std::uint64_t>(child.life));
}

void Tree::wait_counted(NodeId child_id, Milliseconds delay) {
  Node& child = at(child_id);
  set_state(child, ChildState::restarting);
  child.counted = true;
  timers_.set(child_id, now_ + delay);
}

// Rule 30: without delay, but behind whatever waits already.
void Tree::wait_for_retry(NodeId id, NodeId child_id) {
  Node& child = at(child_id);
  set_state(child, ChildState::restarting);
  child.counted = false;
  report(Report::Kind::retrying, id, child_id);
  const Milliseconds delay = next_delay(child_id);
  if (delay > Milliseconds{0}) {
    timers_.set(child_id, now_ + delay);
  } else {
    deliver(id, Mail{Mail::Kind::retry, child_id, child.life});
  }
}

// Rules 16 to 18.
void Tree::restart_now(NodeId id, NodeId child_id) {
  Supervisor& supervisor = supervisor_of(id);
  switch (supervisor.spec->strategy) {
    case Strategy::one_for_one:
    case Strategy::simple_one_for_one:
      one_child_begins(supervisor, child_id);
      return start_child(child_id, Purpose::restart);
    case Strategy::rest_for_one:
      supervisor.group_first = child_id;
      break;
    case Strategy::one_for_all:
      supervisor.group_first = supervisor.first;
      break;
  }
  timers_.cancel(child_id);
  set_state(at(child_id), ChildState::stopped);
  supervisor.phase = Phase::stopping_group;
  supervisor.cursor = supervisor.last;
  supervisor.in_flight = 0;
  supervisor.continue_sweep = true;
  schedule(id);
}

}  // namespace simplevisor::core
