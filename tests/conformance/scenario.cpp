#include "tests/conformance/scenario.hpp"

#include <map>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include "supervisor/core/tree.hpp"
#include "tests/conformance/fields.hpp"
#include "tests/conformance/script.hpp"

namespace simplevisor::conformance {
namespace {

using namespace simplevisor::core;

Shutdown shutdown_of(const json::object& object, bool supervisor) {
  const json::value* value = object.if_contains("shutdown");
  if (!value) return supervisor ? Shutdown::infinity() : Shutdown{};
  if (value->is_string()) {
    return word<bool>(text_of(*value, "shutdown"), {{"infinity", true}, {"brutal_kill", false}})
               ? Shutdown::infinity()
               : Shutdown::brutal_kill();
  }
  return Shutdown::timed(Milliseconds{number_of(*value, "shutdown", 0)});
}

struct Process {
  NodeId node = NodeId::none;
  Life life = Life::none;
  bool alive = false;
};

class World {
 public:
  explicit World(const json::object& scenario) : scenario_{scenario} {}

  json::object run();

 private:
  enum class Role { node, pattern };  // the pattern of a simple_one_for_one supervisor's instances
  void claim(const std::string& name, const std::string& parent, bool supervisor);
  std::shared_ptr<const ChildSpec> declare_tree(const json::object& object, const std::string& parent);
  std::shared_ptr<const ChildSpec> declare(const json::object& object, const std::string& parent, Role role);
  std::string name_of(NodeId id) const { return instance_or_name(tree_->node(id)); }
  std::string instance_or_name(const Node& node) const {
    return node.instance ? instances_.at(node.instance) : node.spec->name;
  }

  void settle();
  void perform(const StartWorker& action);
  void perform(const StopWorker& action);
  void perform(const KillWorker& action);
  void perform(const Reply& action) { replies_[action.request] = action.result; }
  void perform(const Report& action);
  void end_process(const std::string& name, NodeId node, Life life, const char* reason, Ending ending);

  json::value step(const json::object& step);
  json::value die(const std::string& node, const std::string& how);
  json::value batch(const json::object& step);
  RequestId ask(const json::object& step);
  json::value answer_to(RequestId request);
  NodeId find(const std::string& name) const;
  NodeId find_below(NodeId supervisor, const std::string& name) const;
  json::object snapshot(std::optional<json::value> result);
  std::string root_state() const;
  void event(std::initializer_list<json::value_ref> words) { events_.push_back(json::array(words)); }

  const json::object& scenario_;
  std::unique_ptr<Tree> tree_;
  TimePoint now_{};
  std::vector<Script> scripts_;
  std::map<std::uint32_t, std::string> instances_;
  std::map<std::string, std::int64_t> attempts_;
  std::map<std::string, std::int64_t> incarnations_;
  std::map<std::string, Process> processes_;                    // latest of each worker, by name
  std::vector<std::string> names_;                              // of all nodes a snapshot speaks of
  std::map<std::string, std::pair<std::string, bool>> places_;  // parent, and whether it is a supervisor
  std::set<std::string> declared_now_;                          // with the tree or child in hand
  std::map<RequestId, Result> replies_;
  std::uint64_t requests_ = 0;
  json::array events_;
};

// Refuses what would give one name to two nodes; a name may come back where it was.
void World::claim(const std::string& name, const std::string& parent, bool supervisor) {
  if (name.empty()) throw std::invalid_argument("a node without a name");
  const auto [known, fresh] = places_.try_emplace(name, parent, supervisor);
  if (!declared_now_.insert(name).second || (!fresh && known->second != std::pair{parent, supervisor})) {
    refuse(name, "a name that another node has");
  }
  names_.push_back(name);
}

std::shared_ptr<const ChildSpec> World::declare_tree(const json::object& object, const std::string& parent) {
  declared_now_.clear();
  return declare(object, parent, Role::node);
}

// `parent` is empty for the root.
std::shared_ptr<const ChildSpec> World::declare(const json::object& object, const std::string& parent,
                                                Role role) {
  const bool supervisor =
      word<bool>(text(object, "type", "worker"), {{"supervisor", true}, {"worker", false}});
  auto child = std::make_shared<ChildSpec>();
  child->name = text(object, "name", "");
  if (role == Role::node) claim(child->name, parent, supervisor);
  if (role == Role::pattern && supervisor) refuse(child->name, "a template that is no worker");
  child->restart = word<Restart>(text(object, "restart", "permanent"), {{"permanent", Restart::permanent},
                                                                        {"transient", Restart::transient},
                                                                        {"temporary", Restart::temporary}});
  child->significant = truth(object, "significant");
  child->shutdown = shutdown_of(object, supervisor);
  if (parent.empty() && !supervisor) throw std::invalid_argument("the root is no supervisor");

  if (!supervisor) {
    Script script = script_of(object);
    if (script.ignores_stop && child->shutdown.kind == Shutdown::Kind::infinity) {
      refuse(child->name, "ignores its stop and is never killed: this would not end");
    }
    child->program = static_cast<std::uint32_t>(scripts_.size());
    scripts_.push_back(std::move(script));
    return child;
  }

  auto spec = std::make_shared<SupervisorSpec>();
  spec->strategy = word<Strategy>(text(object, "strategy", "one_for_one"),
                                  {{"one_for_one", Strategy::one_for_one},
                                   {"rest_for_one", Strategy::rest_for_one},
                                   {"one_for_all", Strategy::one_for_all},
                                   {"simple_one_for_one", Strategy::simple_one_for_one}});
  if (const auto* intensity = object.if_contains("intensity"))
    spec->intensity = static_cast<std::size_t>(number_of(*intensity, "intensity", 0));
  if (const auto* period = object.if_contains("period")) {
    spec->period = std::chrono::seconds{number_of(*period, "period", 1)};
  }
  spec->auto_shutdown = word<AutoShutdown>(text(object, "auto_shutdown", "never"),
                                           {{"never", AutoShutdown::never},
                                            {"any_significant", AutoShutdown::any_significant},
                                            {"all_significant", AutoShutdown::all_significant}});
  if (const auto* children = object.if_contains("children")) {
    // The template of instances is not a node of its own.
    const Role its = spec->strategy == Strategy::simple_one_for_one ? Role::pattern : Role::node;
    for (const auto& element : array_of(*children, "children")) {
      spec->children.push_back(declare(object_of(element, "children"), child->name, its));
    }
  }
  child->supervisor = std::move(spec);
  return child;
}

// ---- Virtual processes -----------------------------------------------------------------------------------

void World::perform(const StartWorker& action) {
  const Script& script = scripts_.at(action.program);
  const std::string name = action.instance ? instances_.at(action.instance) : script.name;
  if (script.fails(++attempts_[name])) {
    event({"start_failed", name});
    tree_->post(WorkerStartFailed{action.node, action.life});
    return;
  }
  event({"start", name});
  ++incarnations_[name];
  processes_[name] = Process{action.node, action.life, true};
  tree_->post(WorkerStarted{action.node, action.life});
}

void World::end_process(const std::string& name, NodeId node, Life life, const char* reason, Ending ending) {
  Process& process = processes_[name];
  if (!process.alive || process.node != node || process.life != life) return;
  process.alive = false;
  event({"stop", name, reason});
  tree_->post(WorkerExited{node, life, ending});
}

void World::perform(const StopWorker& action) {
  if (scripts_.at(tree_->node(action.node).spec->program).ignores_stop) return;
  end_process(name_of(action.node), action.node, action.life, "shutdown", Ending::shutdown);
}

void World::perform(const KillWorker& action) {
  end_process(name_of(action.node), action.node, action.life, "killed", Ending::abnormal);
}

void World::perform(const Report& action) {
  const std::string name = name_of(action.supervisor);
  switch (action.kind) {
    case Report::Kind::supervisor_started:
      ++incarnations_[name];
      return event({"start", name});
    case Report::Kind::supervisor_start_failed:
      return event({"start_failed", name});
    case Report::Kind::supervisor_stopped:
      return event({"stop", name, "shutdown"});
    case Report::Kind::gave_up:
    case Report::Kind::cooling_down:
    case Report::Kind::restarting:
    case Report::Kind::retrying:
    case Report::Kind::auto_shutdown:
      return;
  }
}

// Lets everything happen that is going to: retries without delay, and graces by moving the clock to their end.
void World::settle() {
  for (;;) {
    const Actions actions = tree_->run(now_);
    tree_->check_invariants([](std::string_view what) { throw std::logic_error(std::string(what)); });
    for (const Action& action : actions) {
      std::visit([this](const auto& a) { perform(a); }, action);
    }
    if (!actions.empty()) continue;
    const auto deadline = tree_->next_deadline();
    if (!deadline) return;
    now_ = std::max(now_, *deadline);
  }
}

// ---- Steps --------------------------------------------------------------------------------------------

NodeId World::find_below(NodeId supervisor, const std::string& name) const {
  const Node& parent = tree_->node(supervisor);
  if (instance_or_name(parent) == name) return supervisor;
  if (!parent.supervisor) return NodeId::none;
  for (NodeId id = parent.supervisor->first; id != NodeId::none; id = tree_->node(id).next) {
    if (const NodeId found = find_below(id, name); found != NodeId::none) return found;
  }
  return NodeId::none;
}

NodeId World::find(const std::string& name) const {
  const NodeId root = tree_->root();
  if (root == NodeId::none || !tree_->node(root).supervisor) return NodeId::none;
  return find_below(root, name);
}

json::value World::die(const std::string& node, const std::string& how) {
  const auto found = processes_.find(node);
  if (found == processes_.end() || !found->second.alive) return "not_running";
  const Process process = found->second;
  if (how == "kill")
    end_process(node, process.node, process.life, "crash", Ending::abnormal);
  else if (how == "exit")
    end_process(node, process.node, process.life, "normal", Ending::normal);
  else if (how == "exit_shutdown")
    end_process(node, process.node, process.life, "shutdown", Ending::shutdown);
  else
    throw std::invalid_argument("unknown way to die: " + how);
  return "ok";
}

RequestId World::ask(const json::object& step) {
  Request request;
  request.id = RequestId{++requests_};
  const std::string op = text(step, "op");
  request.kind = word<Request::Kind>(op, {{"terminate_child", Request::Kind::terminate_child},
                                          {"restart_child", Request::Kind::restart_child},
                                          {"delete_child", Request::Kind::delete_child},
                                          {"start_child", Request::Kind::start_child}});
  const NodeId supervisor = find(text(step, "sup"));
  request.supervisor = supervisor;
  if (request.kind != Request::Kind::start_child) request.child = text(step, "child");
  const bool running = supervisor != NodeId::none && tree_->node(supervisor).supervisor;
  const bool simple =
      running && tree_->node(supervisor).supervisor->spec->strategy == Strategy::simple_one_for_one;

  if (request.kind == Request::Kind::start_child) {
    if (const auto* instance = step.if_contains("instance")) {
      const std::string name = text_of(*instance, "instance");
      if (places_.contains(name)) refuse(name, "an instance has a name of its own");
      declared_now_.clear();
      claim(name, text(step, "sup"), false);
      request.instance = static_cast<std::uint32_t>(instances_.size() + 1);
      instances_[request.instance] = name;
    } else {
      request.spec = declare_tree(object_of(required(step, "spec"), "spec"), text(step, "sup"));
    }
  } else if (simple) {
    // Instances are known by their process: the latest one of that name.
    if (const auto found = processes_.find(request.child); found != processes_.end()) {
      request.node = found->second.node;
      request.life = found->second.life;
    }
  }
  const RequestId id = request.id;
  tree_->post(std::move(request));
  return id;
}

json::value World::answer_to(RequestId request) {
  switch (replies_.at(request)) {
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
  throw std::logic_error("an answer without a word");
}

// All deaths happen before the supervisor, which is that of the first of them, reacts to any; `then` is queued
// behind them.
json::value World::batch(const json::object& step) {
  json::array results;
  const auto& deaths = array_of(required(step, "deaths"), "deaths");
  if (deaths.empty()) refuse("deaths", "empty");
  const auto first = places_.find(text(object_of(deaths[0], "deaths"), "node"));
  const NodeId supervisor = first == places_.end() ? NodeId::none : find(first->second.first);
  if (supervisor == NodeId::none || !tree_->node(supervisor).supervisor) {
    if (const auto* then = step.if_contains("then")) ask(object_of(*then, "then"));  // is answered the same
    return "noproc";
  }
  for (const auto& death : deaths) {
    const json::object& object = object_of(death, "deaths");
    results.push_back(die(text(object, "node"), text(object, "how")));
  }
  if (const auto* then = step.if_contains("then")) {
    const RequestId request = ask(object_of(*then, "then"));
    settle();
    results.push_back(answer_to(request));
  }
  return results;
}

json::value World::step(const json::object& step) {
  const std::string op = text(step, "op");
  if (op == "kill" || op == "exit" || op == "exit_shutdown") return die(text(step, "node"), op);
  if (op == "batch") return batch(step);
  if (op == "advance") {
    now_ += Milliseconds{number_of(required(step, "ms"), "ms", 0)};
    return "ok";
  }
  const RequestId request = ask(step);
  settle();
  return answer_to(request);
}

// ---- Result -------------------------------------------------------------------------------------------

std::string World::root_state() const {
  switch (tree_->root_state()) {
    case Tree::RootState::failed:
      return "failed";
    case Tree::RootState::ended:
      return "dead:shutdown";
    case Tree::RootState::not_started:
    case Tree::RootState::starting:
    case Tree::RootState::running:
    case Tree::RootState::stopping:
      return "running";
  }
  throw std::logic_error("a root in no state");
}

json::object World::snapshot(std::optional<json::value> result) {
  json::object nodes;
  for (const std::string& name : names_) {
    const NodeId id = find(name);
    const char* state = "absent";
    if (id != NodeId::none) state = tree_->node(id).state == ChildState::running ? "running" : "stopped";
    nodes[name] = json::array{state, incarnations_[name]};
  }
  json::object snapshot{{"events", std::exchange(events_, {})}, {"nodes", std::move(nodes)}};
  if (result) snapshot["result"] = *std::move(result);
  snapshot["root"] = root_state();
  return snapshot;
}

json::object World::run() {
  const auto root = declare_tree(object_of(required(scenario_, "root"), "root"), "");
  tree_ = std::make_unique<Tree>(root);
  tree_->start();
  settle();
  json::object expected{{"id", text(scenario_, "id")}};
  const bool started = tree_->root_state() == Tree::RootState::running;
  expected["start"] = snapshot(json::value(started ? "ok" : "error"));

  json::array steps;
  std::int64_t number = 0;
  const json::value* declared = scenario_.if_contains("steps");
  for (const auto& element : declared ? array_of(*declared, "steps") : json::array{}) {
    if (tree_->root_state() != Tree::RootState::running) break;
    const json::object& object = object_of(element, "steps");
    json::value result = step(object);
    settle();
    json::object taken = snapshot(std::move(result));
    taken["step"] = number++;
    taken["op"] = object.at("op");
    steps.push_back(std::move(taken));
  }
  expected["steps"] = std::move(steps);

  if (tree_->root_state() == Tree::RootState::running) {
    tree_->post(StopTree{});
    settle();
    expected["final"] = snapshot(std::nullopt);
  } else {
    expected["final"] = nullptr;
  }
  return expected;
}

}  // namespace

json::object run_scenario(const json::object& scenario) {
  return World{scenario}.run();
}

}  // namespace simplevisor::conformance
