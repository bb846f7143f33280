// Starting children: in a sweep over the list (initial start, group restart) or one alone.
#include <cassert>

#include "supervisor/core/tree.hpp"

namespace simplevisor::core {

// Whether children wait for each other's start. Groups always do: their order is what they are for.
bool Tree::starts_in_order(const Supervisor& supervisor) {
  return supervisor.spec->ordered || supervisor.spec->strategy == Strategy::one_for_all ||
         supervisor.spec->strategy == Strategy::rest_for_one;
}

void Tree::start_child(NodeId id, Purpose purpose) {
  Node& node = at(id);
  node.purpose = purpose;
  node.life = Life{++lives_};
  node.counted = false;
  node.cooling = false;
  timers_.cancel(id);
  set_state(node, ChildState::starting);
  if (node.spec->supervisor) return start_supervisor(id);
  actions_.emplace_back(StartWorker{id, node.life, node.spec->program, node.instance});
  if (!node.spec->slow_start) return;
  // Whoever was asked to stop while this subtree started quickly does not wait any longer (abandon_wait).
  for (NodeId above = node.parent; above != NodeId::none; above = at(above).parent) {
    if (supervisor_of(above).stop_requested) schedule(above);
  }
}

// A new incarnation: its original list, an empty history (rule 41).
void Tree::start_supervisor(NodeId id) {
  const auto spec = at(id).spec->supervisor;
  if (!valid(*spec)) {
    report(Report::Kind::supervisor_start_failed, id, NodeId::none, EndCause::start_failed);
    if (id != root_) return child_start_failed(id);
    set_state(at(id), ChildState::stopped);
    root_failed_ = true;
    root_cause_ = EndCause::start_failed;
    return;
  }
  at(id).supervisor = std::make_unique<Supervisor>(spec);
  if (spec->strategy == Strategy::simple_one_for_one) {
    for (std::uint32_t instance = 1; instance <= spec->initial_instances; ++instance) {
      insert_child(id, spec->children.front(), instance);
    }
  } else {
    for (const auto& child : spec->children) insert_child(id, child, 0);
  }
  Supervisor& supervisor = supervisor_of(id);
  supervisor.cursor = supervisor.first;
  supervisor.continue_sweep = true;
  schedule(id);
}

// Rule 5: in list order, one by one, unless the order was given up on purpose.
void Tree::sweep_starts(NodeId id) {
  Supervisor& supervisor = supervisor_of(id);
  const Phase phase = supervisor.phase;
  const bool ordered = starts_in_order(supervisor);
  while (supervisor.cursor != NodeId::none) {
    const NodeId child_id = supervisor.cursor;
    const Node& child = at(child_id);
    if (child.state == ChildState::starting && ordered) return;
    if (child.state == ChildState::stopped && !held(*child.spec, child.instance)) {
      if (supervisor.in_flight >= supervisor.spec->max_concurrent) return;
      if (!ordered) supervisor.cursor = child.next;
      ++supervisor.in_flight;
      start_child(child_id, Purpose::sweep);
      if (supervisor.phase != phase) return;
      continue;
    }
    supervisor.cursor = child.next;
  }
  if (supervisor.in_flight == 0) starts_done(id);
}

void Tree::starts_done(NodeId id) {
  Supervisor& supervisor = supervisor_of(id);
  const bool initial = supervisor.phase == Phase::starting;
  supervisor.phase = Phase::idle;
  if (!initial) return;
  supervisor.up = true;
  report(Report::Kind::supervisor_started, id);
  Node& node = at(id);
  if (node.state != ChildState::starting) return;  // asked to stop meanwhile; that letter is waiting
  if (id == root_) {
    set_state(node, ChildState::running);
  } else {
    child_started(id);
  }
}

void Tree::child_started(NodeId id) {
  Node& node = at(id);
  node.started_life = node.life;
  set_state(node, ChildState::running);
  Supervisor& supervisor = supervisor_of(node.parent);
  schedule(node.parent);
  answer_waiters(node.parent, id, Result::ok);
  if (is_ending(supervisor)) return;  // the sweep has not come to this child yet, and counts it when it does
  switch (node.purpose) {
    case Purpose::sweep:
      --supervisor.in_flight;
      supervisor.continue_sweep = true;
      break;
    case Purpose::restart:
    case Purpose::request:
      one_child_done(supervisor);
      break;
  }
}

void Tree::child_start_failed(NodeId id) {
  Node& node = at(id);
  const NodeId parent = node.parent;
  Supervisor& supervisor = supervisor_of(parent);
  set_state(node, ChildState::stopped);
  schedule(parent);
  if (is_ending(supervisor)) {
    node.purpose = Purpose::sweep;  // stays in the list until the sweep has passed
    return answer_waiters(parent, id, Result::start_failed);
  }
  switch (node.purpose) {
    case Purpose::sweep:
      if (supervisor.phase == Phase::starting) {  // rule 6
        supervisor.phase = Phase::rolling_back;
        supervisor.cause = EndCause::start_failed;
        supervisor.culprit = id;
        supervisor.cursor = supervisor.last;
        supervisor.in_flight = 0;
        supervisor.continue_sweep = true;
        return;
      }
      assert(supervisor.phase == Phase::starting_group);  // rule 30
      supervisor.in_flight = 0;
      supervisor.cursor = NodeId::none;
      supervisor.phase = Phase::idle;
      return wait_for_retry(parent, id);
    case Purpose::restart:
      one_child_done(supervisor);
      return wait_for_retry(parent, id);
    case Purpose::request:  // rules 50, 51: no retry; what was added for this request is not kept
      one_child_done(supervisor);
      return answer_waiters(parent, id, Result::start_failed);
  }
}

// The start or stop of a single child is over; the supervisor takes letters again.
void Tree::one_child_done(Supervisor& supervisor) {
  if (supervisor.phase == Phase::one_child) {
    supervisor.phase = Phase::idle;
    supervisor.cursor = NodeId::none;
  } else if (supervisor.phase == Phase::idle) {
    --supervisor.in_flight;
  }
}

// Marks the supervisor as occupied with one child; where order does not matter, that only takes up a place.
void Tree::one_child_begins(Supervisor& supervisor, NodeId child) {
  if (starts_in_order(supervisor)) {
    supervisor.phase = Phase::one_child;
    supervisor.cursor = child;
  } else {
    ++supervisor.in_flight;
  }
}

}  // namespace simplevisor::core
