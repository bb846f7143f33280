// Administration of one supervisor: rules 47 to 52.
#include <cassert>

#include "supervisor/core/tree.hpp"

namespace simplevisor::core {

void Tree::answer(RequestId request, Result result, NodeId node) {
  actions_.emplace_back(Reply{request, result, node});
}

void Tree::handle_request(NodeId id, const Request& request) {
  switch (request.kind) {
    case Request::Kind::terminate_child:
      return terminate_child(id, request);
    case Request::Kind::restart_child:
      return restart_child(id, request);
    case Request::Kind::delete_child:
      return delete_child(id, request);
    case Request::Kind::start_child:
      return add_child(id, request);
  }
}

// The answer follows when the child has started or stopped.
void Tree::await_child(NodeId id, NodeId child, const Request& request) {
  supervisor_of(id).waiters.push_back({child, request.id, request.kind});
}

// `started` is the answer to those who wanted the child to run. Children that are not kept once they are
// stopped, or could not be started, leave the list here.
void Tree::answer_waiters(NodeId id, NodeId child_id, Result started) {
  Supervisor& supervisor = supervisor_of(id);
  bool added_in_vain = false;
  bool terminated = false;
  std::erase_if(supervisor.waiters, [&](const Supervisor::Waiter& waiter) {
    if (waiter.child != child_id) return false;
    const bool wanted_stop = waiter.kind == Request::Kind::terminate_child;
    if (wanted_stop)
      terminated = true;
    else if (waiter.kind == Request::Kind::start_child && started != Result::ok)
      added_in_vain = true;
    answer(waiter.request, wanted_stop ? Result::ok : started, child_id);
    return true;
  });
  const Node& child = at(child_id);
  if (child.purpose == Purpose::sweep || child.state != ChildState::stopped) return;
  const bool simple = supervisor.spec->strategy == Strategy::simple_one_for_one;
  if (added_in_vain || (terminated && (simple || child.spec->restart == Restart::temporary)))
    remove_child(child_id);
}

void Tree::terminate_child(NodeId id, const Request& request) {
  Supervisor& supervisor = supervisor_of(id);
  const bool simple = supervisor.spec->strategy == Strategy::simple_one_for_one;
  NodeId child_id = NodeId::none;
  if (simple) {
    // Rule 52: known by its process only, and a process that is no longer is as good as terminated.
    if (request.node == NodeId::none) return answer(request.id, Result::simple_one_for_one);
    const bool known = contains(request.node) && at(request.node).parent == id &&
                       at(request.node).started_life == request.life;
    if (!known) return answer(request.id, Result::ok);
    child_id = request.node;
  } else {
    child_id = child(id, request.child);
    if (child_id == NodeId::none) return answer(request.id, Result::not_found);
  }

  Node& node = at(child_id);
  if (request.hold) hold(node);
  switch (node.state) {
    case ChildState::starting:
    case ChildState::running: {
      const bool restarting = node.state == ChildState::starting;  // only where order does not matter
      if (!restarting) one_child_begins(supervisor, child_id);
      await_child(id, child_id, request);
      return ask_to_stop(child_id, Purpose::request);
    }
    case ChildState::stopping:
      return await_child(id, child_id, request);
    case ChildState::exited:      // rule 49: the death is absorbed
    case ChildState::restarting:  // rule 35: the retry is cancelled
    case ChildState::stopped:
      break;
  }
  timers_.cancel(child_id);
  set_state(node, ChildState::stopped);
  answer(request.id, Result::ok, child_id);
  if (simple || node.spec->restart == Restart::temporary) remove_child(child_id);
}

void Tree::restart_child(NodeId id, const Request& request) {
  Supervisor& supervisor = supervisor_of(id);
  if (supervisor.spec->strategy == Strategy::simple_one_for_one) {
    return answer(request.id, Result::simple_one_for_one);
  }
  const NodeId child_id = child(id, request.child);
  if (child_id == NodeId::none) return answer(request.id, Result::not_found);
  const Node& node = at(child_id);
  switch (node.state) {
    case ChildState::stopped:
      let_go(*node.spec, node.instance);
      await_child(id, child_id, request);
      one_child_begins(supervisor, child_id);
      return start_child(child_id, Purpose::request);
    case ChildState::restarting:
      return answer(request.id, Result::restarting, child_id);
    case ChildState::starting:
    case ChildState::running:
    case ChildState::exited:
    case ChildState::stopping:
      return answer(request.id, Result::running, child_id);
  }
}

void Tree::delete_child(NodeId id, const Request& request) {
  if (supervisor_of(id).spec->strategy == Strategy::simple_one_for_one) {
    return answer(request.id, Result::simple_one_for_one);
  }
  const NodeId child_id = child(id, request.child);
  if (child_id == NodeId::none) return answer(request.id, Result::not_found);
  switch (at(child_id).state) {
    case ChildState::stopped:
      let_go(*at(child_id).spec, at(child_id).instance);
      answer(request.id, Result::ok);
      return remove_child(child_id);
    case ChildState::restarting:
      return answer(request.id, Result::restarting, child_id);
    case ChildState::starting:
    case ChildState::running:
    case ChildState::exited:
    case ChildState::stopping:
      return answer(request.id, Result::running, child_id);
  }
}

NodeId Tree::stopped_instance(NodeId id, std::uint32_t instance) const {
  NodeId child_id = node(id).supervisor->first;
  while (child_id != NodeId::none) {
    const Node& child = node(child_id);
    if (child.instance == instance && child.state == ChildState::stopped) return child_id;
    child_id = child.next;
  }
  return NodeId::none;
}

// start_child: the specification is checked first, then the name (rule 48).
void Tree::add_child(NodeId id, const Request& request) {
  Supervisor& supervisor = supervisor_of(id);
  const bool simple = supervisor.spec->strategy == Strategy::simple_one_for_one;
  auto spec = simple ? supervisor.spec->children.front() : request.spec;
  if (!simple) {
    if (!spec || !valid_child(*supervisor.spec, *spec)) return answer(request.id, Result::bad_spec);
    if (const NodeId present = child(id, spec->name); present != NodeId::none) {
      const ChildState state = at(present).state;
      const bool alive = state != ChildState::stopped && state != ChildState::restarting;
      return answer(request.id, alive ? Result::already_started : Result::already_present, present);
    }
  }
  // An instance that was held is in the list already when its supervisor has been started anew.
  const bool was_held = let_go(*spec, request.instance);
  NodeId child_id = was_held && simple ? stopped_instance(id, request.instance) : NodeId::none;
  if (child_id == NodeId::none) child_id = insert_child(id, std::move(spec), request.instance);
  await_child(id, child_id, request);
  one_child_begins(supervisor, child_id);
  start_child(child_id, Purpose::request);
}

}  // namespace simplevisor::core
