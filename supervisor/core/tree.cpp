#include "supervisor/core/tree.hpp"

#include <cassert>
#include <type_traits>
#include <utility>

namespace simplevisor::core {

bool valid_child(const SupervisorSpec& parent, const ChildSpec& child) {
  if (!child.significant) return true;
  return parent.auto_shutdown != AutoShutdown::never && child.restart != Restart::permanent;
}

bool valid(const SupervisorSpec& spec) {
  for (const auto& child : spec.children) {
    if (!valid_child(spec, *child)) return false;
  }
  return spec.strategy != Strategy::simple_one_for_one || spec.children.size() == 1;
}

Tree::Tree(std::shared_ptr<const ChildSpec> root, std::uint64_t seed)
    : root_spec_{std::move(root)}, seed_{seed} {
  assert(root_spec_ && root_spec_->supervisor);
}

Tree::~Tree() = default;

// ---- Nodes ---------------------------------------------------------------------------------------------

bool Tree::contains(NodeId id) const {
  const auto index = std::to_underlying(id);
  return index < nodes_.size() && nodes_[index].used;
}

const Node& Tree::node(NodeId id) const {
  assert(std::to_underlying(id) < nodes_.size());
  return nodes_[std::to_underlying(id)];
}

Node& Tree::at(NodeId id) {
  assert(std::to_underlying(id) < nodes_.size());
  return nodes_[std::to_underlying(id)];
}

Supervisor& Tree::supervisor_of(NodeId id) {
  assert(at(id).supervisor);
  return *at(id).supervisor;
}

NodeId Tree::insert_child(NodeId parent, std::shared_ptr<const ChildSpec> spec, std::uint32_t instance) {
  NodeId id{static_cast<std::uint32_t>(nodes_.size())};
  if (free_.empty()) {
    nodes_.emplace_back();
  } else {
    id = free_.back();
    free_.pop_back();
  }
  Node& node = at(id);
  node.used = true;
  node.spec = std::move(spec);
  node.parent = parent;
  node.instance = instance;
  node.since = now_;
  if (parent == NodeId::none) return id;

  Supervisor& supervisor = supervisor_of(parent);
  node.previous = supervisor.last;
  (supervisor.last == NodeId::none ? supervisor.first : at(supervisor.last).next) = id;
  supervisor.last = id;
  return id;
}

void Tree::remove_child(NodeId id) {
  Node& node = at(id);
  assert(node.state == ChildState::stopped && !node.supervisor);
  Supervisor& supervisor = supervisor_of(node.parent);
  (node.previous == NodeId::none ? supervisor.first : at(node.previous).next) = node.next;
  (node.next == NodeId::none ? supervisor.last : at(node.next).previous) = node.previous;
  timers_.cancel(id);
  node.used = false;
  leaving_.push_back(id);
}

void Tree::set_state(Node& node, ChildState state) {
  node.state = state;
  node.since = now_;
}

NodeId Tree::child(NodeId supervisor, std::string_view name) const {
  const Node& parent = node(supervisor);
  if (!parent.supervisor) return NodeId::none;
  for (NodeId id = parent.supervisor->first; id != NodeId::none; id = node(id).next) {
    if (node(id).spec->name == name) return id;
  }
  return NodeId::none;
}

bool Tree::held(const ChildSpec& spec, std::uint32_t instance) const {
  return !held_.empty() && held_.contains(HeldKey{&spec, instance});
}

void Tree::hold(std::shared_ptr<const ChildSpec> spec, std::uint32_t instance) {
  const ChildSpec* const key = spec.get();
  held_.emplace(HeldKey{key, instance}, std::move(spec));
}
void Tree::hold(const Node& node) {
  held_.emplace(HeldKey{node.spec.get(), node.instance}, node.spec);
}
bool Tree::let_go(const ChildSpec& spec, std::uint32_t instance) {
  return held_.erase(HeldKey{&spec, instance}) > 0;
}

Tree::RootState Tree::root_state() const {
  if (root_failed_) return RootState::failed;
  if (root_ended_) return RootState::ended;
  if (root_ == NodeId::none) return RootState::not_started;
  const Node& root = node(root_);
  const bool ending =
      root.supervisor->phase == Phase::exiting || root.supervisor->phase == Phase::rolling_back;
  if (ending || root.state == ChildState::stopping) return RootState::stopping;
  return root.supervisor->up ? RootState::running : RootState::starting;
}

// ---- Letters and the loop ------------------------------------------------------------------------------

void Tree::start() {
  assert(root_ == NodeId::none);
  root_ = insert_child(NodeId::none, root_spec_, 0);
  start_requested_ = true;
}

void Tree::post(Event event) {
  events_.push_back(std::move(event));
}

const Actions& Tree::run(TimePoint now) {
  actions_.clear();
  for (const NodeId id : leaving_) {
    at(id) = Node{};
    free_.push_back(id);
  }
  leaving_.clear();
  assert(now >= now_);
  now_ = now;

  if (std::exchange(start_requested_, false)) start_child(root_, Purpose::sweep);
  // What has happened comes before what is due: a child that ended in time is not killed for being late.
  for (Event& event : events_) {
    std::visit([this](auto& e) { on(e); }, event);
  }
  events_.clear();
  if (std::exchange(kill_stopping_, false)) kill_whoever_stops();
  while (const auto due = timers_.pop_due(now)) fire(*due);

  while (!agenda_.empty()) {
    const NodeId id = agenda_.front();
    agenda_.pop_front();
    if (!at(id).supervisor) continue;  // ended while it stood on the agenda
    at(id).supervisor->scheduled = false;
    work(id);
  }
  return actions_;
}

void Tree::schedule(NodeId id) {
  Supervisor& supervisor = supervisor_of(id);
  if (supervisor.scheduled) return;
  supervisor.scheduled = true;
  agenda_.push_back(id);
}

void Tree::deliver(NodeId id, Mail mail) {
  supervisor_of(id).mail.push(std::move(mail));
  schedule(id);
}

// One turn of a supervisor: goes on with what it is doing, or takes the next letter.
void Tree::work(NodeId id) {
  Supervisor& supervisor = supervisor_of(id);
  if (supervisor.continue_sweep) {
    supervisor.continue_sweep = false;
    switch (supervisor.phase) {
      case Phase::starting:
      case Phase::starting_group:
        sweep_starts(id);
        break;
      case Phase::rolling_back:
      case Phase::stopping_group:
      case Phase::exiting:
        sweep_stops(id);
        break;
      case Phase::idle:
      case Phase::one_child:
        break;
    }
    if (!at(id).supervisor) return;
  }
  const bool saturated = supervisor.in_flight >= supervisor.spec->max_concurrent;
  if (supervisor.phase == Phase::idle && !supervisor.mail.empty() && !saturated) {
    handle(id, supervisor.mail.pop());
    if (!at(id).supervisor) return;
  }
  abandon_wait(id);
  const bool has_letter = supervisor.phase == Phase::idle && !supervisor.mail.empty() &&
                          supervisor.in_flight < supervisor.spec->max_concurrent;
  if (supervisor.continue_sweep || has_letter) schedule(id);
}

void Tree::handle(NodeId id, Mail mail) {
  switch (mail.kind) {
    case Mail::Kind::death: {
      // A death that a group restart or a request has absorbed meanwhile is no longer news (rules 21, 49).
      if (!contains(mail.child)) return;
      const Node& child = at(mail.child);
      if (child.parent != id || child.life != mail.life || child.state != ChildState::exited) return;
      return handle_death(id, mail.child);
    }
    case Mail::Kind::retry: {
      // As in OTP the letter names the child, not the failure: whoever is waiting when it is read is tried
      // again, even if the child has been started and has failed once more since it was written.
      if (!contains(mail.child)) return;
      const Node& child = at(mail.child);
      if (child.parent != id || child.state != ChildState::restarting || child.counted) return;
      if (timers_.deadline_of(mail.child)) return;
      return retry(id, mail.child);
    }
    case Mail::Kind::delayed_start: {
      if (!contains(mail.child)) return;
      const Node& child = at(mail.child);
      if (child.parent != id || child.state != ChildState::restarting || child.life != mail.life) return;
      if (child.cooling) supervisor_of(id).history.forget();
      return restart_now(id, mail.child);
    }
    case Mail::Kind::request:
      return handle_request(id, *mail.request);
    case Mail::Kind::stop:
      return begin_exit(id, EndCause::asked, NodeId::none);
  }
  std::unreachable();
}

// A deadline has passed: a child's grace or a subtree's is over, or it is time for the next try.
void Tree::fire(NodeId id) {
  Node& node = at(id);
  switch (node.state) {
    case ChildState::stopping:
      if (node.spec->supervisor) {
        kill_subtree(id);
      } else {
        actions_.emplace_back(KillWorker{id, node.life});
      }
      return;
    case ChildState::restarting:
      return deliver(node.parent,
                     Mail{node.counted ? Mail::Kind::delayed_start : Mail::Kind::retry, id, node.life});
    case ChildState::stopped:
    case ChildState::starting:
    case ChildState::running:
    case ChildState::exited:
      break;
  }
  assert(!"a timer without an owner");
}

// ---- Events --------------------------------------------------------------------------------------------

void Tree::on(const WorkerStarted& event) {
  if (!contains(event.node)) return;
  const Node& node = at(event.node);
  if (node.life != event.life || node.state != ChildState::starting) return;
  child_started(event.node);
}

void Tree::on(const WorkerStartFailed& event) {
  if (!contains(event.node)) return;
  const Node& node = at(event.node);
  if (node.life != event.life) return;
  if (node.state == ChildState::starting)
    child_start_failed(event.node);
  else if (node.state == ChildState::stopping)
    child_stopped(event.node);
}

void Tree::on(const WorkerExited& event) {
  if (!contains(event.node)) return;
  Node& node = at(event.node);
  if (node.life != event.life) return;
  switch (node.state) {
    case ChildState::starting:  // ended before it was ready (rule 60)
      return child_start_failed(event.node);
    case ChildState::running:
      if (now_ - node.since >= node.spec->backoff.healthy_after) node.restarts_in_row = 0;
      node.ending = event.ending;
      set_state(node, ChildState::exited);
      return deliver(node.parent, Mail{Mail::Kind::death, event.node, node.life});
    case ChildState::stopping:
      return child_stopped(event.node);
    case ChildState::stopped:
    case ChildState::exited:
    case ChildState::restarting:
      return;  // of a life that is over
  }
}

void Tree::on(const StopExtended& event) {
  if (!contains(event.node)) return;
  const Node& node = at(event.node);
  if (node.life != event.life || node.state != ChildState::stopping) return;
  const auto deadline = timers_.deadline_of(event.node);
  if (deadline && *deadline < event.until) timers_.set(event.node, event.until);
}

void Tree::on(const StopTree&) {
  if (root_ == NodeId::none || !at(root_).supervisor) return;
  Node& root = at(root_);
  if (root.state == ChildState::stopping) return;
  set_state(root, ChildState::stopping);
  request_stop(root_);
}

void Tree::on(const Hurry&) {
  if (hurry_) return;
  hurry_ = true;
  kill_stopping_ = true;
}

// Not before all news has been heard: somebody who is already gone is not to be killed.
void Tree::kill_whoever_stops() {
  for (std::uint32_t index = 0; index < nodes_.size(); ++index) {
    const Node& node = nodes_[index];
    if (!node.used || node.spec->supervisor || node.state != ChildState::stopping) continue;
    timers_.cancel(NodeId{index});
    actions_.emplace_back(KillWorker{NodeId{index}, node.life});
  }
}

void Tree::on(Request& event) {
  if (!contains(event.supervisor) || !at(event.supervisor).supervisor)
    return answer(event.id, Result::noproc);
  const NodeId supervisor = event.supervisor;
  deliver(supervisor,
          Mail{Mail::Kind::request, NodeId::none, Life::none, std::make_unique<Request>(std::move(event))});
}

void Tree::report(Report::Kind kind, NodeId supervisor, NodeId child, EndCause cause) {
  actions_.emplace_back(Report{kind, cause, supervisor, child});
}

}  // namespace simplevisor::core
