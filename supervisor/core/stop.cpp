// Stopping children: in a sweep over the list (roll-back, group restart, shutdown) or one alone; and the end
// of a supervisor.
#include <cassert>
#include <utility>

#include "supervisor/core/tree.hpp"

namespace simplevisor::core {

// Whether it stops its children in order to end. What a child does before the sweep has come to it is no
// concern of the sweep's.
bool Tree::is_ending(const Supervisor& supervisor) {
  return supervisor.phase == Phase::exiting || supervisor.phase == Phase::rolling_back;
}

// Instances have no order (rule 54), nor has what is killed brutally.
bool Tree::stops_in_order(const Supervisor& supervisor) {
  if (supervisor.killed) return false;
  switch (supervisor.spec->strategy) {
    case Strategy::simple_one_for_one:
      return false;
    case Strategy::one_for_one:
      return supervisor.spec->ordered;
    case Strategy::rest_for_one:
    case Strategy::one_for_all:
      return true;
  }
  std::unreachable();
}

// Rule 8. A hurried stop skips the grace of workers, not the order.
void Tree::ask_to_stop(NodeId id, Purpose purpose) {
  Node& node = at(id);
  const Shutdown& shutdown = node.spec->shutdown;
  const bool timed = shutdown.kind == Shutdown::Kind::timed;
  const bool at_once =
      shutdown.kind == Shutdown::Kind::brutal_kill || (timed && shutdown.grace <= Milliseconds{0});
  node.purpose = purpose;
  timers_.cancel(id);
  set_state(node, ChildState::stopping);

  if (node.spec->supervisor) {
    if (at_once) return kill_subtree(id);
    if (timed) timers_.set(id, now_ + shutdown.grace);
    return request_stop(id);
  }
  if (hurry_ || shutdown.kind == Shutdown::Kind::brutal_kill) {
    actions_.emplace_back(KillWorker{id, node.life});
    return;
  }
  actions_.emplace_back(StopWorker{id, node.life});
  if (at_once)
    actions_.emplace_back(KillWorker{id, node.life});
  else if (timed)
    timers_.set(id, now_ + shutdown.grace);
}

// The parent's wish arrives like any other letter and is handled in its turn (rule 12), except while the
// supervisor itself is being started: that start is called off.
void Tree::request_stop(NodeId id) {
  Supervisor& supervisor = supervisor_of(id);
  supervisor.stop_requested = true;
  switch (supervisor.phase) {
    case Phase::starting:
      supervisor.phase = Phase::rolling_back;
      supervisor.cursor = supervisor.last;
      supervisor.in_flight = 0;
      supervisor.continue_sweep = true;
      return schedule(id);
    case Phase::rolling_back:
    case Phase::exiting:
      return;
    case Phase::idle:
    case Phase::stopping_group:
    case Phase::starting_group:
    case Phase::one_child:
      return deliver(id, Mail{Mail::Kind::stop});
  }
}

// A supervisor that is to stop does not sit out the start of a child that may take minutes to become ready,
// nor wait for a place among its concurrent starts. OTP has neither, so a tree without them is not concerned.
void Tree::abandon_wait(NodeId id) {
  const Supervisor& supervisor = supervisor_of(id);
  if (!supervisor.stop_requested) return;
  const bool saturated =
      supervisor.phase == Phase::idle && supervisor.in_flight >= supervisor.spec->max_concurrent;
  if (saturated || waits_for_slow_start(supervisor)) begin_exit(id, EndCause::asked, NodeId::none);
}

bool Tree::waits_for_slow_start(const Supervisor& supervisor) const {
  switch (supervisor.phase) {
    case Phase::starting:
    case Phase::starting_group:
    case Phase::one_child:
      break;
    case Phase::idle:
    case Phase::rolling_back:
    case Phase::stopping_group:
    case Phase::exiting:
      return false;
  }
  if (!starts_in_order(supervisor)) return supervisor.in_flight > 0;
  if (supervisor.cursor == NodeId::none) return false;
  const Node& child = node(supervisor.cursor);
  if (child.state != ChildState::starting) return false;
  return child.supervisor ? waits_for_slow_start(*child.supervisor) : child.spec->slow_start;
}

void Tree::begin_exit(NodeId id, EndCause cause, NodeId culprit) {
  Supervisor& supervisor = supervisor_of(id);
  supervisor.phase = Phase::exiting;
  supervisor.cause = cause;
  supervisor.culprit = culprit;
  supervisor.cursor = supervisor.last;
  supervisor.group_first = NodeId::none;
  supervisor.in_flight = 0;  // the sweep counts anew whatever still starts or stops
  supervisor.continue_sweep = true;
  schedule(id);
}

// Rules 11 and 61: a supervisor lives in our own process and cannot be killed, but its workers can: all of
// its subtree at once, in no order.
void Tree::kill_subtree(NodeId id) {
  Supervisor& supervisor = supervisor_of(id);
  supervisor.killed = true;
  supervisor.phase = supervisor.up ? Phase::exiting : Phase::rolling_back;
  supervisor.cursor = NodeId::none;
  supervisor.in_flight = 0;
  for (NodeId child_id = supervisor.first; child_id != NodeId::none; child_id = at(child_id).next) {
    Node& child = at(child_id);
    timers_.cancel(child_id);
    switch (child.state) {
      case ChildState::starting:
      case ChildState::running:
      case ChildState::stopping:
        ++supervisor.in_flight;
        child.purpose = Purpose::sweep;
        set_state(child, ChildState::stopping);
        if (child.supervisor)
          kill_subtree(child_id);
        else
          actions_.emplace_back(KillWorker{child_id, child.life});
        break;
      case ChildState::exited:
      case ChildState::restarting:
      case ChildState::stopped:
        set_state(child, ChildState::stopped);
        break;
    }
  }
  supervisor.continue_sweep = true;
  schedule(id);
}

// Rule 9: in reverse list order, each gone before the next is asked, where there is an order.
void Tree::sweep_stops(NodeId id) {
  Supervisor& supervisor = supervisor_of(id);
  const bool ordered = stops_in_order(supervisor);
  const std::size_t places = ordered ? 1 : supervisor.spec->max_concurrent;
  while (supervisor.cursor != NodeId::none) {
    const NodeId child_id = supervisor.cursor;
    Node& child = at(child_id);
    switch (child.state) {
      case ChildState::starting:
      case ChildState::running:
        if (supervisor.in_flight >= places) return;
        ++supervisor.in_flight;
        ask_to_stop(child_id, Purpose::sweep);
        if (ordered) return;
        break;
      case ChildState::stopping:
        // Stopped on somebody else's behalf until now: the sweep waits for it as for its own.
        if (std::exchange(child.purpose, Purpose::sweep) != Purpose::sweep) ++supervisor.in_flight;
        if (ordered) return;
        break;
      case ChildState::exited:  // absorbed (rule 21)
      case ChildState::restarting:
        timers_.cancel(child_id);
        set_state(child, ChildState::stopped);
        break;
      case ChildState::stopped:
        break;
    }
    supervisor.cursor = child_id == supervisor.group_first ? NodeId::none : child.previous;
    const bool forget =
        supervisor.phase == Phase::stopping_group && child.spec->restart == Restart::temporary;
    if (forget) remove_child(child_id);  // rule 18 (b)
  }
  if (supervisor.in_flight == 0) stops_done(id);
}

void Tree::stops_done(NodeId id) {
  Supervisor& supervisor = supervisor_of(id);
  if (supervisor.phase != Phase::stopping_group) return end_supervisor(id);
  supervisor.phase = Phase::starting_group;
  const bool whole_list = supervisor.spec->strategy == Strategy::one_for_all;
  supervisor.cursor = whole_list ? supervisor.first : supervisor.group_first;
  supervisor.continue_sweep = true;
  schedule(id);
}

void Tree::child_stopped(NodeId id) {
  Node& node = at(id);
  const NodeId parent = node.parent;
  Supervisor& supervisor = supervisor_of(parent);
  timers_.cancel(id);
  set_state(node, ChildState::stopped);
  schedule(parent);
  if (node.purpose == Purpose::sweep) {
    --supervisor.in_flight;
    supervisor.continue_sweep = true;
  } else if (is_ending(supervisor)) {
    node.purpose = Purpose::sweep;  // the sweep has not come to it, so it has not counted it
  } else {
    one_child_done(supervisor);
  }
  answer_waiters(parent, id, Result::start_failed);
}

void Tree::end_supervisor(NodeId id) {
  Node& node = at(id);
  const std::unique_ptr<Supervisor> ended = std::move(node.supervisor);
  timers_.cancel(id);
  const auto kind = ended->up ? Report::Kind::supervisor_stopped : Report::Kind::supervisor_start_failed;
  report(kind, id, ended->culprit, ended->cause);

  for (const Supervisor::Waiter& waiter : ended->waiters) answer(waiter.request, Result::noproc);
  while (!ended->mail.empty()) {
    const Mail mail = ended->mail.pop();
    if (mail.request) answer(mail.request->id, Result::noproc);
  }
  for (NodeId child = ended->first; child != NodeId::none; child = at(child).next) {
    assert(at(child).state == ChildState::stopped);
    timers_.cancel(child);
    at(child).used = false;
    leaving_.push_back(child);
  }

  if (id == root_) {
    (ended->up ? root_ended_ : root_failed_) = true;
    root_cause_ = ended->cause;
    set_state(node, ChildState::stopped);
    return;
  }
  switch (node.state) {
    case ChildState::starting:
      return child_start_failed(id);
    case ChildState::stopping:
      return child_stopped(id);
    case ChildState::running:  // by its own decision: rules 39, 64
      node.ending = Ending::shutdown;
      set_state(node, ChildState::exited);
      return deliver(node.parent, Mail{Mail::Kind::death, id, node.life});
    case ChildState::stopped:
    case ChildState::exited:
    case ChildState::restarting:
      break;
  }
  assert(!"a supervisor ended that did not run");
}

}  // namespace simplevisor::core
