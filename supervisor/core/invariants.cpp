// What must hold between two runs, whatever has happened. Tests and the simulator ask after every event.
#include <string>
#include <utility>

#include "supervisor/core/tree.hpp"

namespace simplevisor::core {

void Tree::check_invariants(const std::function<void(std::string_view)>& broken) const {
  if (!agenda_.empty()) broken("a supervisor with something to do was left on the agenda");
  if (!events_.empty()) broken("an event was not looked at");

  std::size_t timers = 0;
  for (std::uint32_t index = 0; index < nodes_.size(); ++index) {
    const NodeId id{index};
    const Node& node = nodes_[index];
    const bool timer = timers_.deadline_of(id).has_value();
    timers += timer;
    if (!node.used) {
      if (timer) broken("a timer of a node that is gone");
      continue;
    }
    // Every timer has an owner: somebody who stops and has a grace, or waits to be started again.
    if (timer && node.state != ChildState::stopping && node.state != ChildState::restarting) {
      broken("a timer of a child that waits for nothing: " + node.spec->name);
    }
    const bool alive = node.state != ChildState::stopped && node.state != ChildState::exited &&
                       node.state != ChildState::restarting;
    if (node.supervisor && !alive) broken("a supervisor that does not run has children: " + node.spec->name);
    if (!node.supervisor && alive && node.spec->supervisor)
      broken("a running supervisor is none: " + node.spec->name);
    if (!node.supervisor) continue;

    const Supervisor& supervisor = *node.supervisor;
    std::size_t in_flight = 0;
    NodeId previous = NodeId::none;
    for (NodeId child_id = supervisor.first; child_id != NodeId::none;
         child_id = nodes_[std::to_underlying(child_id)].next) {
      const Node& child = nodes_[std::to_underlying(child_id)];
      if (!child.used || child.parent != id || child.previous != previous)
        broken("a list is out of joint: " + node.spec->name);
      previous = child_id;
      in_flight += child.state == ChildState::starting || child.state == ChildState::stopping;
      const bool unread = supervisor.phase == Phase::idle && supervisor.mail.empty();
      if (unread && child.state == ChildState::exited)
        broken("a death is known to nobody: " + child.spec->name);
      if (unread && child.state == ChildState::restarting && !timers_.deadline_of(child_id)) {
        broken("a retry is due and nobody knows: " + child.spec->name);
      }
    }
    if (supervisor.last != previous) broken("the end of a list is not its end: " + node.spec->name);
    if (supervisor.phase == Phase::one_child ? in_flight != 1 : in_flight < supervisor.in_flight) {
      broken("waits for a child that neither starts nor stops: " + node.spec->name);
    }
    if (supervisor.phase != Phase::idle && in_flight == 0) broken("busy with nothing: " + node.spec->name);
    if (supervisor.phase == Phase::idle && !supervisor.mail.empty() &&
        supervisor.in_flight < supervisor.spec->max_concurrent) {
      broken("idle, but has letters: " + node.spec->name);
    }
  }
  if (timers != timers_.size()) broken("a timer without a node");
}

}  // namespace simplevisor::core
