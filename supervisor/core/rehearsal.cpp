#include "supervisor/core/rehearsal.hpp"

#include <utility>
#include <variant>

#include "supervisor/core/tree.hpp"

namespace simplevisor::core {
namespace {

class Stage {
 public:
  Stage(const std::shared_ptr<const ChildSpec>& root, const Rehearsal& rehearsal)
      : plan_{rehearsal}, tree_{root} {
    tree_.start();
    react();
    told_ = true;
  }

  [[nodiscard]] bool has_worker() const {
    const NodeId id = find(plan_.path);
    return id != NodeId::none && !tree_.node(id).spec->supervisor;
  }

  Rehearsed play() {
    const std::size_t faults = plan_.fault == Rehearsal::Fault::dies ? plan_.times : 1;
    if (plan_.fault == Rehearsal::Fault::fails_to_start) failures_left_ = plan_.times;
    for (; result_.faults < faults; ++result_.faults) {
      if (!await_running()) break;
      if (result_.faults > 0) pass_until(now_ + plan_.every);
      if (!await_running()) break;  // others may have had their turn meanwhile
      const NodeId id = find(plan_.path);
      step(RehearsedStep::What::fault, plan_.path);
      tree_.post(WorkerExited{id, tree_.node(id).started_life, Ending::abnormal});
      react();
    }
    if (plan_.fault == Rehearsal::Fault::fails_to_start) await_running();
    conclude();
    return std::move(result_);
  }

 private:
  [[nodiscard]] bool over() const {
    const auto state = tree_.root_state();
    return state == Tree::RootState::ended || state == Tree::RootState::failed;
  }

  // "root", "send", "2": one part of a path.
  [[nodiscard]] static std::string name_of(const Node& node) {
    return node.instance != 0 ? std::to_string(node.instance) : node.spec->name;
  }
  [[nodiscard]] std::string path_of(NodeId id) const {
    if (id == NodeId::none) return "";
    const Node& node = tree_.node(id);
    return node.parent == NodeId::none ? name_of(node) : path_of(node.parent) + "/" + name_of(node);
  }
  [[nodiscard]] NodeId find(std::string_view path) const {
    const NodeId root = tree_.root();
    return root == NodeId::none || over() ? NodeId::none : find_below(root, path);
  }
  [[nodiscard]] NodeId find_below(NodeId id, std::string_view path) const {
    const Node& node = tree_.node(id);
    const std::string name = name_of(node);
    if (path == name) return id;
    if (!path.starts_with(name + "/") || !node.supervisor) return NodeId::none;
    for (NodeId child = node.supervisor->first; child != NodeId::none; child = tree_.node(child).next) {
      const NodeId found = find_below(child, path.substr(name.size() + 1));
      if (found != NodeId::none) return found;
    }
    return NodeId::none;
  }

  void step(RehearsedStep::What what, std::string path, std::string about = {},
            std::optional<Report::Kind> decision = std::nullopt) {
    if (!told_) return;
    if (result_.steps.size() >= rehearsed_steps_max) {
      result_.cut_short = true;
      return;
    }
    result_.steps.push_back({.at = std::chrono::duration_cast<Milliseconds>(now_ - TimePoint{}),
                             .what = what,
                             .path = std::move(path),
                             .about = std::move(about),
                             .decision = decision});
  }

  void react() {
    while (!result_.cut_short) {
      const Actions actions = tree_.run(now_);
      if (actions.empty()) return;
      for (const Action& action : actions) std::visit([this](const auto& what) { perform(what); }, action);
    }
  }
  void perform(const StartWorker& order) {
    const std::string path = path_of(order.node);
    if (told_ && failures_left_ > 0 && path == plan_.path) {
      --failures_left_;
      step(RehearsedStep::What::not_started, path);
      tree_.post(WorkerStartFailed{order.node, order.life});
      return;
    }
    step(RehearsedStep::What::started, path);
    tree_.post(WorkerStarted{order.node, order.life});
  }
  void perform(const StopWorker& order) {
    step(RehearsedStep::What::stopped, path_of(order.node));
    tree_.post(WorkerExited{order.node, order.life, Ending::shutdown});
  }
  void perform(const KillWorker& order) {
    step(RehearsedStep::What::stopped, path_of(order.node));
    tree_.post(WorkerExited{order.node, order.life, Ending::abnormal});
  }
  void perform(const Report& report) {
    step(RehearsedStep::What::decision, path_of(report.supervisor), path_of(report.child), report.kind);
  }
  void perform(const Reply&) {}

  // Lets time pass, and what is due in it happen.
  void pass_until(TimePoint end) {
    while (!over() && !result_.cut_short) {
      const auto next = tree_.next_deadline();
      if (!next || *next > end) break;
      now_ = std::max(now_, *next);
      react();
    }
    now_ = std::max(now_, end);
  }

  // Waits for as long as something is still to come. False: it will not run again.
  bool await_running() {
    for (;;) {
      const NodeId id = find(plan_.path);
      if (id != NodeId::none && tree_.node(id).state == ChildState::running) return true;
      const auto next = tree_.next_deadline();
      if (over() || result_.cut_short || !next) return false;
      pass_until(*next);
    }
  }

  void conclude() {
    result_.tree_ended = over();
    const NodeId id = find(plan_.path);
    result_.runs = id != NodeId::none && tree_.node(id).state == ChildState::running;
    const NodeId above = find(plan_.path.substr(0, plan_.path.rfind('/')));
    if (above == NodeId::none || !tree_.node(above).supervisor) return;
    const Supervisor& supervisor = *tree_.node(above).supervisor;
    result_.restarts_used = supervisor.history.count(now_);
    result_.restarts_limit = supervisor.spec->intensity;
  }

  const Rehearsal& plan_;
  Tree tree_;
  TimePoint now_{};
  Rehearsed result_;
  std::size_t failures_left_ = 0;
  bool told_ = false;  // the start itself is not part of it
};

// Jitter would make two rehearsals differ.
std::shared_ptr<const ChildSpec> without_jitter(const ChildSpec& spec) {
  auto copy = std::make_shared<ChildSpec>(spec);
  copy->backoff.jitter = 0;
  if (!spec.supervisor) return copy;
  auto supervisor = std::make_shared<SupervisorSpec>(*spec.supervisor);
  for (auto& child : supervisor->children) child = without_jitter(*child);
  copy->supervisor = std::move(supervisor);
  return copy;
}

}  // namespace

std::optional<Rehearsed> rehearse(const std::shared_ptr<const ChildSpec>& root, const Rehearsal& rehearsal) {
  Stage stage{without_jitter(*root), rehearsal};
  if (!stage.has_worker()) return std::nullopt;
  return stage.play();
}

}  // namespace simplevisor::core
