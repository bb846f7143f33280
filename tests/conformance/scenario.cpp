#include "tests/conformance/scenario.hpp"

#include <boost/json.hpp>
#include <map>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include "supervisor/core/tree.hpp"

namespace simplevisor::conformance {
namespace {

namespace json = boost::json;
using namespace simplevisor::core;

std::string text(const json::object& object, std::string_view key, std::string_view otherwise) {
  const json::value* value = object.if_contains(key);
  return value ? std::string(value->as_string()) : std::string(otherwise);
}

template <class Enum>
Enum word(const std::string& value, std::initializer_list<std::pair<std::string_view, Enum>> words) {
  for (const auto& [name, meaning] : words) {
    if (name == value) return meaning;
  }
  throw std::invalid_argument("unknown word: " + value);
}

Shutdown shutdown_of(const json::object& object, bool supervisor) {
  const json::value* value = object.if_contains("shutdown");
  if (!value) return supervisor ? Shutdown::infinity() : Shutdown{};
  if (value->is_string())
    return value->as_string() == "infinity" ? Shutdown::infinity() : Shutdown::brutal_kill();
  return Shutdown::timed(Milliseconds{value->to_number<std::int64_t>()});
}

// A worker as the scenario describes it, by the number that the core hands back as its `program`.
struct Script {
  std::string name;
  bool never_starts = false;
  std::int64_t fail_restarts = 0;
  std::set<std::int64_t> fail_attempts;
  bool ignores_stop = false;

  [[nodiscard]] bool fails(std::int64_t attempt) const {
    return never_starts || fail_attempts.contains(attempt) || (attempt >= 2 && attempt <= fail_restarts + 1);
  }
};

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
  std::shared_ptr<const ChildSpec> declare(const json::object& object, const std::string& parent);
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
  std::map<std::string, Process> processes_;  // latest of each worker, by name
  std::vector<std::string> names_;            // of all nodes a snapshot speaks of
  std::map<std::string, std::string> parents_;
  std::map<RequestId, Result> replies_;
  std::uint64_t requests_ = 0;
  json::array events_;
};

// `parent` is empty for the root.
std::shared_ptr<const ChildSpec> World::declare(const json::object& object, const std::string& parent) {
  const bool supervisor = text(object, "type", "worker") == "supervisor";
  auto child = std::make_shared<ChildSpec>();
  child->name = text(object, "name", "");
  if (child->name.empty()) throw std::invalid_argument("a node without a name");
  names_.push_back(child->name);
  parents_[child->name] = parent;
  child->restart = word<Restart>(text(object, "restart", "permanent"), {{"permanent", Restart::permanent},
                                                                        {"transient", Restart::transient},
                                                                        {"temporary", Restart::temporary}});
  if (const auto* significant = object.if_contains("significant"))
    child->significant = significant->as_bool();
  child->shutdown = shutdown_of(object, supervisor);
  if (parent.empty() && !supervisor) throw std::invalid_argument("the root is no supervisor");

  if (!supervisor) {
    Script script;
    script.name = child->name;
    if (const auto* start = object.if_contains("start")) {
      if (start->is_string()) {
        script.never_starts = start->as_string() == "fail";
      } else if (const auto* restarts = start->as_object().if_contains("fail_restarts")) {
        script.fail_restarts = restarts->to_number<std::int64_t>();
      } else {
        for (const auto& attempt : start->at("fail_attempts").as_array()) {
          script.fail_attempts.insert(attempt.to_number<std::int64_t>());
        }
      }
    }
    if (const auto* ignores = object.if_contains("ignore_stop")) script.ignores_stop = ignores->as_bool();
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
    spec->intensity = intensity->to_number<std::size_t>();
  if (const auto* period = object.if_contains("period")) {
    spec->period = std::chrono::seconds{period->to_number<std::int64_t>()};
  }
  spec->auto_shutdown = word<AutoShutdown>(text(object, "auto_shutdown", "never"),
                                           {{"never", AutoShutdown::never},
                                            {"any_significant", AutoShutdown::any_significant},
                                            {"all_significant", AutoShutdown::all_significant}});
  if (const auto* children = object.if_contains("children")) {
    for (const auto& element : children->as_array()) {
      spec->children.push_back(declare(element.as_object(), child->name));
      // The template of instances is not a node of its own.
      if (spec->strategy == Strategy::simple_one_for_one) names_.pop_back();
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
  const std::string op = text(step, "op", "");
  request.kind = word<Request::Kind>(op, {{"terminate_child", Request::Kind::terminate_child},
                                          {"restart_child", Request::Kind::restart_child},
                                          {"delete_child", Request::Kind::delete_child},
                                          {"start_child", Request::Kind::start_child}});
  const NodeId supervisor = find(text(step, "sup", ""));
  request.supervisor = supervisor;
  request.child = text(step, "child", "");
  const bool running = supervisor != NodeId::none && tree_->node(supervisor).supervisor;
  const bool simple =
      running && tree_->node(supervisor).supervisor->spec->strategy == Strategy::simple_one_for_one;

  if (request.kind == Request::Kind::start_child) {
    if (const auto* instance = step.if_contains("instance")) {
      const std::string name(instance->as_string());
      names_.push_back(name);
      parents_[name] = text(step, "sup", "");
      request.instance = static_cast<std::uint32_t>(instances_.size() + 1);
      instances_[request.instance] = name;
    } else {
      request.spec = declare(step.at("spec").as_object(), text(step, "sup", ""));
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
  const auto& deaths = step.at("deaths").as_array();
  const NodeId supervisor = find(parents_[text(deaths.at(0).as_object(), "node", "")]);
  if (supervisor == NodeId::none || !tree_->node(supervisor).supervisor) {
    if (const auto* then = step.if_contains("then")) ask(then->as_object());  // is answered the same
    return "noproc";
  }
  for (const auto& death : deaths) {
    results.push_back(die(text(death.as_object(), "node", ""), text(death.as_object(), "how", "")));
  }
  if (const auto* then = step.if_contains("then")) {
    const RequestId request = ask(then->as_object());
    settle();
    results.push_back(answer_to(request));
  }
  return results;
}

json::value World::step(const json::object& step) {
  const std::string op = text(step, "op", "");
  if (op == "kill" || op == "exit" || op == "exit_shutdown") return die(text(step, "node", ""), op);
  if (op == "batch") return batch(step);
  if (op == "advance") {
    now_ += Milliseconds{step.at("ms").to_number<std::int64_t>()};
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
  const auto root = declare(scenario_.at("root").as_object(), "");
  tree_ = std::make_unique<Tree>(root);
  tree_->start();
  settle();
  json::object expected{{"id", scenario_.at("id")}};
  const bool started = tree_->root_state() == Tree::RootState::running;
  expected["start"] = snapshot(json::value(started ? "ok" : "error"));

  json::array steps;
  std::int64_t number = 0;
  const json::value* declared = scenario_.if_contains("steps");
  for (const auto& element : declared ? declared->as_array() : json::array{}) {
    if (tree_->root_state() != Tree::RootState::running) break;
    const json::object& object = element.as_object();
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
