#include "supervisor/runtime/census.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "supervisor/config/describe.hpp"
#include "supervisor/runtime/pattern.hpp"
#include "supervisor/runtime/words.hpp"

namespace simplevisor::runtime {
namespace {

using core::ChildState;
using core::NodeId;
using core::Strategy;

class Walk {
 public:
  Walk(const core::Tree& tree, std::vector<Resident>& out) : tree_{tree}, out_{out} {}

  void visit(const std::shared_ptr<const core::ChildSpec>& spec, std::uint32_t instance,
             const std::string& above, unsigned depth, NodeId parent, NodeId node) {
    const std::string name = instance ? std::to_string(instance) : spec->name;
    const std::string path = above.empty() ? name : above + "/" + name;
    out_.push_back({path, spec, instance, depth, parent, node});
    if (!spec->supervisor) return;
    const bool runs = node != NodeId::none && tree_.node(node).supervisor;
    if (spec->supervisor->strategy == Strategy::simple_one_for_one)
      instances(*spec->supervisor, path, depth, runs ? node : NodeId::none);
    else
      children(*spec->supervisor, path, depth, runs ? node : NodeId::none);
  }

 private:
  void children(const core::SupervisorSpec& spec, const std::string& path, unsigned depth,
                NodeId supervisor) {
    std::map<const core::ChildSpec*, NodeId> living;
    for (NodeId id = first_of(supervisor); id != NodeId::none; id = tree_.node(id).next) {
      living.emplace(tree_.node(id).spec.get(), id);
    }
    for (const auto& child : spec.children) {
      const auto found = living.find(child.get());
      const NodeId id = found == living.end() ? NodeId::none : found->second;
      if (found != living.end()) living.erase(found);
      visit(child, 0, path, depth + 1, supervisor, id);
    }
    for (NodeId id = first_of(supervisor); id != NodeId::none;
         id = tree_.node(id).next) {  // added while running
      if (living.contains(tree_.node(id).spec.get()))
        visit(tree_.node(id).spec, 0, path, depth + 1, supervisor, id);
    }
  }

  void instances(const core::SupervisorSpec& spec, const std::string& path, unsigned depth,
                 NodeId supervisor) {
    std::map<std::uint32_t, NodeId> all;
    for (std::uint32_t number = 1; number <= spec.initial_instances; ++number) all[number] = NodeId::none;
    for (NodeId id = first_of(supervisor); id != NodeId::none; id = tree_.node(id).next)
      all[tree_.node(id).instance] = id;
    for (const auto& [number, id] : all)
      visit(spec.children.front(), number, path, depth + 1, supervisor, id);
  }

  NodeId first_of(NodeId supervisor) const {
    return supervisor == NodeId::none ? NodeId::none : tree_.node(supervisor).supervisor->first;
  }

  const core::Tree& tree_;
  std::vector<Resident>& out_;
};

std::string ago(core::TimePoint then, core::TimePoint now) {
  return in_words(std::chrono::duration_cast<std::chrono::milliseconds>(now - then)) + " ago";
}

std::string in(core::TimePoint then, core::TimePoint now) {
  return in_words(std::chrono::duration_cast<std::chrono::milliseconds>(std::max(then, now) - now));
}

class Describer {
 public:
  Describer(const Engine& engine, const Holds& holds, core::TimePoint now)
      : engine_{engine}, tree_{engine.tree()}, holds_{holds}, now_{now}, wall_{wall_clock()} {}

  NodeStatus row(const Resident& resident) const {
    NodeStatus status;
    status.path = resident.path;
    status.name = resident.instance ? std::to_string(resident.instance) : resident.spec->name;
    status.depth = resident.depth;
    const auto* supervisor = resident.spec->supervisor.get();
    status.type = !supervisor                                            ? NodeType::worker
                  : supervisor->strategy == Strategy::simple_one_for_one ? NodeType::pool
                                                                         : NodeType::supervisor;
    status.restart_type = config::name_of(resident.spec->restart);
    if (supervisor) {
      status.strategy = config::name_of(supervisor->strategy);
      status.cools_down = supervisor->on_exhausted == core::OnExhausted::cool_down;
      status.restarts_limit = supervisor->intensity;
      status.restarts_window = supervisor->period;
    }
    held_ = tree_.held(*resident.spec, resident.instance);
    if (resident.node == NodeId::none)
      absent(resident, status);
    else
      present(tree_.node(resident.node), resident, status);
    if (!supervisor) worker(resident, status);
    return status;
  }

 private:
  void absent(const Resident& resident, NodeStatus& status) const {
    const Worker* worker = engine_.workers().find(resident.spec->program, resident.instance);
    if (held_) {
      status.state = "stopped";
      say_held(status);
    } else if (resident.parent == NodeId::none) {
      status.state = "absent";
      status.why = resident.depth == 0 ? engine_.trouble() : "its supervisor does not run";
      status.verdict = Verdict::failed;
    } else {  // ended for good, and not kept in the list
      status.state = "ended";
      const bool well = worker && worker->last == Worker::Last::exited && worker->exit_code == 0 &&
                        worker->exit_signal == 0 && !worker->doomed;
      status.verdict = well ? Verdict::good : Verdict::failed;
    }
  }

  void present(const core::Node& node, const Resident& resident, NodeStatus& status) const {
    status.age = std::chrono::duration_cast<std::chrono::milliseconds>(now_ - node.since);
    const auto deadline = tree_.deadline_of(resident.node);
    switch (node.state) {
      case ChildState::running:
        status.state = "running";
        break;
      case ChildState::starting:
        status.state = "starting";
        status.next = node.spec->supervisor ? "waits for its children" : "waits to be ready";
        status.verdict = Verdict::healing;
        break;
      case ChildState::stopping:
        status.state = "stopping";
        if (deadline) status.next = "killed in " + in(*deadline, now_);
        status.verdict = Verdict::healing;
        break;
      case ChildState::exited:
        status.state = "restarting";
        status.next = "its supervisor is busy";
        status.verdict = Verdict::healing;
        break;
      case ChildState::restarting:
        status.state = "restarting";
        if (deadline) status.next = (node.cooling ? "tried again in " : "restart in ") + in(*deadline, now_);
        status.verdict = Verdict::healing;
        break;
      case ChildState::stopped:
        stopped(node, status);
        break;
    }
    if (node.supervisor) supervisor(*node.supervisor, status);
  }

  void say_held(NodeStatus& status) const {
    status.held = true;
    const Hold* const hold = holds_.find(status.path);
    status.why = in_words(hold ? *hold : Hold{}, wall_);
    if (hold && hold->until)
      status.next = "started in " + in_words(std::max(*hold->until - wall_, std::chrono::milliseconds{0}));
  }

  void stopped(const core::Node& node, NodeStatus& status) const {
    if (held_) {
      status.state = "stopped";
      say_held(status);
      return;
    }
    // A transient child that ended well is as it should be; whatever else lies here is missing.
    const bool ended_well = node.spec->restart == core::Restart::transient &&
                            node.ending != core::Ending::abnormal && node.started_life != core::Life::none &&
                            !node.spec->supervisor;
    status.state = ended_well ? "ended" : "stopped";
    if (ended_well) return;
    if (waits_its_turn(node)) {
      status.next = "started when those before it are";
      status.verdict = Verdict::healing;
    } else {
      status.verdict = Verdict::failed;
    }
  }

  // Its supervisor is at work on a list of children that it is one of.
  [[nodiscard]] bool waits_its_turn(const core::Node& node) const {
    if (node.parent == NodeId::none || !tree_.node(node.parent).supervisor) return false;
    switch (tree_.node(node.parent).supervisor->phase) {
      case core::Supervisor::Phase::starting:
      case core::Supervisor::Phase::stopping_group:
      case core::Supervisor::Phase::starting_group:
        return true;
      case core::Supervisor::Phase::rolling_back:
      case core::Supervisor::Phase::idle:
      case core::Supervisor::Phase::one_child:
      case core::Supervisor::Phase::exiting:
        return false;
    }
    return false;
  }

  void supervisor(const core::Supervisor& supervisor, NodeStatus& status) const {
    status.restarts = supervisor.history.count(now_);
    if (status.restarts >= status.restarts_limit && status.next.empty() && status.state == "running") {
      const bool cools = supervisor.spec->on_exhausted == core::OnExhausted::cool_down;
      status.next = cools ? "cools down at the next restart" : "gives up at the next restart";
    }
  }

  void worker(const Resident& resident, NodeStatus& status) const {
    const bool ended_well = status.state == "ended" && status.verdict == Verdict::good;
    status.wanted = held_ || ended_well ? 0 : 1;
    status.ready = status.state == "running" ? 1 : 0;
    const Worker* worker = engine_.workers().find(resident.spec->program, resident.instance);
    if (!worker) return;
    status.pid = worker->pid;
    status.restarts = worker->starts > 0 ? worker->starts - 1 : 0;
    if (worker->extra) status.status = worker->extra->status;
    if (!status.why.empty()) return;
    std::string words = worker->last_words();
    if (words.empty() || worker->last == Worker::Last::nothing) return;
    status.why = fmt::format("{}{}, {}", worker->pid ? "before: " : "", words, ago(worker->ended_at, now_));
  }

  const Engine& engine_;
  const core::Tree& tree_;
  const Holds& holds_;
  core::TimePoint now_;
  WallTime wall_;
  mutable bool held_ = false;
};

}  // namespace

std::vector<Resident> residents(const core::Tree& tree, const core::ChildSpec& root, const Scope& within) {
  std::vector<Resident> all;
  const NodeId id = tree.root();
  const bool runs = id != NodeId::none && tree.node(id).supervisor;
  // The tree shares the specification; this pointer only lends it.
  const std::shared_ptr<const core::ChildSpec> spec{std::shared_ptr<const void>{}, &root};
  Walk{tree, all}.visit(spec, 0, "", 0, NodeId::none, runs ? id : NodeId::none);
  if (!within.is_everything())
    std::erase_if(all, [&](const Resident& node) { return !within.covers(node.path); });
  return all;
}

std::size_t subtree_end(const std::vector<Resident>& all, std::size_t first) {
  std::size_t end = first + 1;
  while (end < all.size() && is_within(all[end].path, all[first].path)) ++end;
  return end;
}

std::vector<std::size_t> select(const std::vector<Resident>& all, std::string_view pattern, Answer& answer) {
  while (pattern.size() > 1 && pattern.ends_with('/')) pattern.remove_suffix(1);
  std::vector<std::size_t> found;
  const bool glob = is_glob(pattern);
  for (std::size_t n = 0; n < all.size();) {
    if (!glob && all[n].path == pattern) return {n};  // a whole path is never ambiguous
    if (glob ? !glob_matches(pattern, all[n].path) : !ends_in(all[n].path, pattern)) {
      ++n;
      continue;
    }
    found.push_back(n);
    n = glob ? subtree_end(all, n) : n + 1;
  }
  if (found.empty()) {
    answer = {Outcome::no_such_node, fmt::format("no such node: {}", pattern), {}};
  } else if (!glob && found.size() > 1) {
    answer = {Outcome::ambiguous, fmt::format("{} may mean:", pattern), {}};
    for (const std::size_t n : found) {
      answer.message += " " + all[n].path;
      answer.paths.push_back(all[n].path);
    }
    found.clear();
  }
  return found;
}

std::vector<NodeStatus> describe(const Engine& engine, const Holds& holds, const std::vector<Resident>& all,
                                 std::size_t first, std::size_t last, core::TimePoint now) {
  const Describer describer{engine, holds, now};
  std::vector<NodeStatus> rows;
  rows.reserve(last - first);
  for (std::size_t n = first; n < last; ++n) rows.push_back(describer.row(all[n]));
  // Children follow their parents: one pass adds every worker to those above it.
  std::vector<std::size_t> above;  // open ancestors, from the outside in
  for (std::size_t n = 0; n < rows.size(); ++n) {
    while (!above.empty() && rows[above.back()].depth >= rows[n].depth) above.pop_back();
    const bool stopped_above = std::ranges::any_of(above, [&](std::size_t ancestor) {
      return rows[ancestor].state == "stopped" && rows[ancestor].verdict == Verdict::good;
    });
    if (stopped_above) {  // its absence is what was wished for
      rows[n].verdict = Verdict::good;
      rows[n].wanted = 0;
    }
    // Its supervisor comes back, and will start it then.
    if (rows[n].state == "absent" && !above.empty() && rows[above.back()].verdict == Verdict::healing)
      rows[n].verdict = Verdict::healing;
    if (rows[n].type == NodeType::worker) {
      for (const std::size_t ancestor : above) {
        rows[ancestor].ready += rows[n].ready;
        rows[ancestor].wanted += rows[n].wanted;
      }
    } else {
      above.push_back(n);
    }
  }
  return rows;
}

}  // namespace simplevisor::runtime
