#include "tests/core/scripted_tree.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <utility>

namespace simplevisor::core::testing {
namespace {

const char* word(Result result) {
  switch (result) {
    case Result::ok:
      return "ok";
    case Result::noproc:
      return "noproc";
    case Result::running:
      return "running";
    case Result::restarting:
      return "restarting";
    case Result::not_found:
      return "not_found";
    case Result::already_started:
      return "already_started";
    case Result::already_present:
      return "already_present";
    case Result::simple_one_for_one:
      return "simple_one_for_one";
    case Result::bad_spec:
      return "bad_spec";
    case Result::start_failed:
      return "start_failed";
  }
  std::unreachable();
}

const char* word(Report::Kind kind) {
  switch (kind) {
    case Report::Kind::supervisor_started:
      return "up";
    case Report::Kind::supervisor_start_failed:
      return "failed";
    case Report::Kind::supervisor_stopped:
      return "ended";
    case Report::Kind::gave_up:
      return "gave_up";
    case Report::Kind::cooling_down:
      return "cooling_down";
    case Report::Kind::restarting:
    case Report::Kind::retrying:
      return "";  // the start that follows says it
    case Report::Kind::auto_shutdown:
      return "auto_shutdown";
  }
  std::unreachable();
}

}  // namespace

Child worker(ChildSpec spec) {
  return std::make_shared<ChildSpec>(std::move(spec));
}

Child worker(std::string name, Restart restart, Shutdown shutdown) {
  ChildSpec spec;
  spec.name = std::move(name);
  spec.restart = restart;
  spec.shutdown = shutdown;
  return worker(std::move(spec));
}

SupervisorSpec often() {
  SupervisorSpec spec;
  spec.intensity = 1000;
  return spec;
}

Child supervisor(std::string name, Strategy strategy, std::vector<Child> children, SupervisorSpec spec) {
  if (spec.intensity == SupervisorSpec{}.intensity) spec.intensity = often().intensity;
  spec.strategy = strategy;
  spec.children = std::move(children);
  ChildSpec child;
  child.name = std::move(name);
  child.shutdown = Shutdown::infinity();
  child.supervisor = std::make_shared<SupervisorSpec>(std::move(spec));
  return std::make_shared<ChildSpec>(std::move(child));
}

ScriptedTree::ScriptedTree(Child root, std::uint64_t seed) : tree_{std::move(root), seed} {}

ScriptedTree& ScriptedTree::manual(std::set<std::string> names) {
  manual_ = std::move(names);
  return *this;
}

ScriptedTree& ScriptedTree::ignoring_stop(std::set<std::string> names) {
  ignoring_ = std::move(names);
  return *this;
}

ScriptedTree& ScriptedTree::failing(std::map<std::string, int> starts) {
  failing_ = std::move(starts);
  return *this;
}

Lines ScriptedTree::start() {
  tree_.start();
  return settle();
}

Lines ScriptedTree::ready(const std::string& name) {
  return post(WorkerStarted{find(name), life(name)});
}

Lines ScriptedTree::fail(const std::string& name) {
  return post(WorkerStartFailed{find(name), life(name)});
}

Lines ScriptedTree::end(const std::string& name, Ending ending) {
  return post(WorkerExited{find(name), life(name), ending});
}

Lines ScriptedTree::crash_all(const std::vector<std::string>& names) {
  for (const std::string& name : names) tree_.post(WorkerExited{find(name), life(name), Ending::abnormal});
  return settle();
}

Lines ScriptedTree::request(Request::Kind kind, const std::string& supervisor, const std::string& child,
                            bool hold) {
  Request request;
  request.id = RequestId{++requests_};
  request.kind = kind;
  request.supervisor = find(supervisor);
  request.child = child;
  request.hold = hold;
  return post(std::move(request));
}

Lines ScriptedTree::add(const std::string& supervisor, Child spec) {
  Request request;
  request.id = RequestId{++requests_};
  request.kind = Request::Kind::start_child;
  request.supervisor = find(supervisor);
  request.spec = std::move(spec);
  return post(std::move(request));
}

Lines ScriptedTree::add_instance(const std::string& supervisor, std::uint32_t number) {
  Request request;
  request.id = RequestId{++requests_};
  request.kind = Request::Kind::start_child;
  request.supervisor = find(supervisor);
  request.instance = number;
  return post(std::move(request));
}

Lines ScriptedTree::terminate_instance(const std::string& instance, bool hold) {
  Request request;
  request.id = RequestId{++requests_};
  request.kind = Request::Kind::terminate_child;
  request.node = find(instance);
  request.supervisor = tree_.node(request.node).parent;
  request.life = tree_.node(request.node).started_life;
  request.hold = hold;
  return post(std::move(request));
}

Lines ScriptedTree::post(Event event) {
  tree_.post(std::move(event));
  return settle();
}

Lines ScriptedTree::advance(Milliseconds by) {
  const TimePoint end = now_ + by;
  Lines all;
  for (;;) {
    const auto deadline = tree_.next_deadline();
    now_ = deadline && *deadline < end ? std::max(now_, *deadline) : end;
    Lines some = settle();
    std::move(some.begin(), some.end(), std::back_inserter(all));
    if (now_ == end && !(tree_.next_deadline() && *tree_.next_deadline() <= end)) return all;
  }
}

Lines ScriptedTree::settle() {
  for (;;) {
    const Actions actions = tree_.run(now_);
    tree_.check_invariants([](std::string_view what) { ADD_FAILURE() << what; });
    if (actions.empty()) return std::exchange(lines_, {});
    for (const Action& action : actions) {
      std::visit([this](const auto& a) { perform(a); }, action);
    }
  }
}

void ScriptedTree::perform(const StartWorker& action) {
  const std::string name = name_of(action.node);
  lines_.push_back("start " + name);
  if (manual_.contains(name)) return;
  if (const auto left = failing_.find(name); left != failing_.end() && left->second > 0) {
    --left->second;
    return tree_.post(WorkerStartFailed{action.node, action.life});
  }
  tree_.post(WorkerStarted{action.node, action.life});
}

void ScriptedTree::perform(const StopWorker& action) {
  const std::string name = name_of(action.node);
  lines_.push_back("stop " + name);
  if (manual_.contains(name) || ignoring_.contains(name)) return;
  tree_.post(WorkerExited{action.node, action.life, Ending::shutdown});
}

void ScriptedTree::perform(const KillWorker& action) {
  const std::string name = name_of(action.node);
  lines_.push_back("kill " + name);
  if (!manual_.contains(name)) tree_.post(WorkerExited{action.node, action.life, Ending::shutdown});
}

void ScriptedTree::perform(const Reply& action) {
  lines_.push_back("reply " + std::to_string(std::to_underlying(action.request)) + " " + word(action.result));
}

void ScriptedTree::perform(const Report& action) {
  const std::string kind = word(action.kind);
  if (!kind.empty()) lines_.push_back(kind + " " + name_of(action.supervisor));
}

std::string ScriptedTree::name_of(NodeId id) const {
  const Node& node = tree_.node(id);
  return node.instance ? node.spec->name + "#" + std::to_string(node.instance) : node.spec->name;
}

NodeId ScriptedTree::find_below(NodeId id, const std::string& name) const {
  if (name_of(id) == name) return id;
  const Node& node = tree_.node(id);
  if (!node.supervisor) return NodeId::none;
  for (NodeId child = node.supervisor->first; child != NodeId::none; child = tree_.node(child).next) {
    if (const NodeId found = find_below(child, name); found != NodeId::none) return found;
  }
  return NodeId::none;
}

NodeId ScriptedTree::find(const std::string& name) const {
  const NodeId found = find_below(tree_.root(), name);
  if (found == NodeId::none) throw std::invalid_argument("no such child now: " + name);
  return found;
}

Milliseconds ScriptedTree::waits(const std::string& name) const {
  const auto deadline = tree_.deadline_of(find(name));
  if (!deadline) throw std::logic_error("waits for nothing: " + name);
  return std::chrono::duration_cast<Milliseconds>(*deadline - now_);
}

}  // namespace simplevisor::core::testing
