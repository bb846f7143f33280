#include "tests/core/simulator.hpp"

#include <utility>

namespace simplevisor::core::testing {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t runs_at_one_time_max = 100'000;
constexpr std::size_t nodes_max = 50;  // administrators are not to fill the world

Milliseconds life_time(Dice& dice, Milliseconds mean) {
  if (dice.percent(4)) return dice.up_to(100ms);  // one of those that leave at once
  return dice.up_to(2 * mean);
}

}  // namespace

Simulator::Simulator(std::shared_ptr<const ChildSpec> root, std::uint64_t seed, Style style, Hazards hazards)
    : tree_{std::move(root), seed}, dice_{seed}, seed_{seed}, style_{style}, hazards_{hazards} {
  later(dice_.up_to(2 * hazards_.mean_between_requests), Wish{});
  later(dice_.up_to(2 * hazards_.mean_until_stop), StopTree{});
  tree_.start();
  react();
}

bool Simulator::run_until(TimePoint end) {
  for (;;) {
    const auto state = tree_.root_state();
    if (state == Tree::RootState::ended || state == Tree::RootState::failed) {
      if (!processes_.empty()) broken("the tree has ended, and a process lives");
      if (!unanswered_.empty()) broken("the tree has ended, and a request is not answered");
      if (tree_.size() != 1) broken("the tree has ended, and nodes are left");
      return true;
    }
    const auto deadline = tree_.next_deadline();
    if (deadline && *deadline <= now_) broken("a deadline that has passed still waits");
    if (ahead_.empty() && !deadline) broken("nothing will ever happen again");
    const TimePoint happens = ahead_.empty() ? *deadline : ahead_.begin()->first;
    const TimePoint next = deadline ? std::min(*deadline, happens) : happens;
    if (next > end) return false;
    if (std::exchange(now_, next) != next) runs_at_this_time_ = 0;

    // Now and then several things have happened before the tree gets to hear of the first.
    do {
      if (ahead_.empty() || ahead_.begin()->first > now_) break;
      const Happening happening = ahead_.extract(ahead_.begin()).mapped();
      std::visit([this](const auto& what) { happen(what); }, happening);
      ++happened_;
    } while (dice_.percent(50));
    react();
  }
}

void Simulator::later(Milliseconds delay, Happening happening) {
  ahead_.emplace(now_ + delay, std::move(happening));
}

// ---- The world -------------------------------------------------------------------------------------------

void Simulator::perform(const StartWorker& action) {
  const Node& node = tree_.node(action.node);
  Process process{action.node, name_of(action.node), {}, Dice{0}};
  if (action.life <= newest_) broken("a start without a new life: " + process.name);
  newest_ = action.life;
  if (!alive_names_.insert(process.name).second) broken("two lives at a time: " + process.name);
  for (NodeId id = node.parent; id != NodeId::none; id = tree_.node(id).parent) {
    process.above.emplace_back(id, tree_.node(id).life);
    ++alive_below_[process.above.back()];
  }
  const std::uint64_t start = ++starts_[process.name];
  process.fate = Dice{seed_, process.name, start};
  Dice& fate = process.fate;
  process.ignores_stop = fate.percent(5);
  const bool slow = node.spec->slow_start && fate.percent(60);
  const Milliseconds takes = fate.up_to(slow ? 10min : 5ms);
  if (fate.percent(start == 1 ? 1 : 6))
    later(takes, Fails{action.life});
  else if (fate.percent(1))
    later(takes, Dies{action.life, Ending::abnormal});
  else
    later(takes, Ready{action.life});
  note(1, std::to_underlying(action.node), std::to_underlying(action.life));
  processes_.emplace(action.life, std::move(process));
}

void Simulator::perform(const StopWorker& action) {
  const auto process = processes_.find(action.life);
  if (process == processes_.end()) broken("asks somebody to stop who is gone: " + name_of(action.node));
  if (process->second.node != action.node) broken("asks the wrong one to stop: " + name_of(action.node));
  stopped_in_this_run_.insert(action.life);
  note(2, std::to_underlying(action.node), std::to_underlying(action.life));
  Process& asked = process->second;
  if (asked.ignores_stop) return;
  if (asked.fate.percent(10)) {
    later(0ms, Late{StopExtended{action.node, action.life, now_ + asked.fate.up_to(1min)}});
  }
  const Ending ending = asked.fate.one_of({Ending::shutdown, Ending::normal, Ending::abnormal});
  later(asked.fate.percent(85) ? asked.fate.up_to(40ms) : asked.fate.up_to(10s), Dies{action.life, ending});
}

void Simulator::perform(const KillWorker& action) {
  const auto process = processes_.find(action.life);
  if (process == processes_.end()) broken("kills somebody who is gone: " + name_of(action.node));
  if (process->second.node != action.node) broken("kills the wrong one: " + name_of(action.node));
  stopped_in_this_run_.insert(action.life);
  note(3, std::to_underlying(action.node), std::to_underlying(action.life));
  later(process->second.fate.up_to(5ms), Dies{action.life, Ending::abnormal});
}

void Simulator::perform(const Reply& action) {
  if (unanswered_.erase(action.request) != 1) broken("an answer nobody waits for");
  ledger_.on(action, tree_);
  note(4, std::to_underlying(action.request), std::to_underlying(action.result));
}

void Simulator::perform(const Report& action) {
  ledger_.on(action, tree_, now_, [this](const std::string& what) { broken(what); });
  note(5, std::to_underlying(action.kind), std::to_underlying(action.supervisor));
  const bool ends =
      action.kind == Report::Kind::supervisor_stopped || action.kind == Report::Kind::supervisor_start_failed;
  if (!ends) return;
  const auto below = alive_below_.find({action.supervisor, tree_.node(action.supervisor).life});
  if (below != alive_below_.end() && below->second > 0)
    broken("ended before its children: " + name_of(action.supervisor));
}

void Simulator::happen(const Ready& ready) {
  const auto process = processes_.find(ready.life);
  if (process == processes_.end()) return;
  Process& one = process->second;
  one.ready = true;
  const Ending ending = one.fate.one_of({Ending::abnormal, Ending::abnormal, Ending::abnormal, Ending::normal,
                                         Ending::normal, Ending::shutdown});
  later(life_time(one.fate, hazards_.mean_life), Dies{ready.life, ending});
  tree_.post(WorkerStarted{one.node, ready.life});
}

void Simulator::happen(const Fails& fails) {
  const auto process = processes_.find(fails.life);
  if (process != processes_.end()) gone(process, WorkerStartFailed{process->second.node, fails.life});
}

void Simulator::happen(const Dies& dies) {
  const auto process = processes_.find(dies.life);
  if (process == processes_.end()) return;
  // Whoever is ended before it was ready has exited or has failed to start, as the launcher sees it.
  const NodeId node = process->second.node;
  if (!process->second.ready && process->second.fate.percent(50))
    return gone(process, WorkerStartFailed{node, dies.life});
  gone(process, WorkerExited{node, dies.life, dies.ending});
}

void Simulator::gone(std::map<Life, Process>::iterator process, Event news) {
  Process& one = process->second;
  // The same news once more, or news that contradicts it, when it is too late for any.
  if (one.fate.percent(10)) later(one.fate.up_to(1min), Late{news});
  if (one.fate.percent(5)) later(one.fate.up_to(1min), Late{WorkerStarted{one.node, process->first}});
  if (one.fate.percent(5))
    later(one.fate.up_to(1min), Late{StopExtended{one.node, process->first, now_ + 1h}});
  for (const auto& above : one.above) {
    if (--alive_below_.at(above) == 0) alive_below_.erase(above);
  }
  alive_names_.erase(one.name);
  past_.emplace_back(one.node, process->first);
  if (past_.size() > 50) past_.erase(past_.begin());
  processes_.erase(process);
  tree_.post(std::move(news));
}

void Simulator::happen(const StopTree& stop) {
  tree_.post(stop);
  if (dice_.percent(30)) later(dice_.up_to(1min), stop);
  // Somebody may ignore being asked and have all the time in the world: in the end one loses patience.
  later(dice_.percent(30) ? dice_.up_to(10s) : 1h + dice_.up_to(1h), Hurry{});
}

void Simulator::happen(const Wish&) {
  later(dice_.up_to(2 * hazards_.mean_between_requests), Wish{});
  Request request;
  request.id = RequestId{++requests_};
  unanswered_.insert(request.id);
  request.kind = static_cast<Request::Kind>(dice_.roll(4));
  request.hold = hazards_.hold && dice_.percent(25);
  request.supervisor = dice_.percent(5) ? NodeId{static_cast<std::uint32_t>(dice_.roll(60))} : tree_.root();
  if (!supervisors_.empty() && dice_.percent(90))
    request.supervisor = supervisors_[dice_.roll(supervisors_.size())];
  if (!tree_.contains(request.supervisor) || !tree_.node(request.supervisor).supervisor)
    return tree_.post(std::move(request));

  const Supervisor& supervisor = *tree_.node(request.supervisor).supervisor;
  std::vector<NodeId> children;
  for (NodeId id = supervisor.first; id != NodeId::none; id = tree_.node(id).next) children.push_back(id);
  const NodeId child = children.empty() ? NodeId::none : children[dice_.roll(children.size())];
  const bool simple = supervisor.spec->strategy == Strategy::simple_one_for_one;
  if (child != NodeId::none && !simple) request.child = tree_.node(child).spec->name;
  if (dice_.percent(5)) request.child = "nobody";
  if (simple && request.kind == Request::Kind::terminate_child && child != NodeId::none) {
    request.node = child;
    request.life = tree_.node(child).started_life;
    if (!past_.empty() && dice_.percent(20))
      std::tie(request.node, request.life) = past_[dice_.roll(past_.size())];
  }
  if (request.kind == Request::Kind::start_child && tree_.size() > nodes_max)
    request.kind = Request::Kind::delete_child;
  if (request.kind == Request::Kind::start_child) {
    const std::uint32_t number = ++instances_;
    if (simple)
      request.instance = number;
    else if (child != NodeId::none && dice_.percent(40))
      request.spec = tree_.node(child).spec;
    else
      request.spec = random_worker(dice_, style_, *supervisor.spec, "added" + std::to_string(number));
  }
  tree_.post(std::move(request));
}

// ---- What must hold --------------------------------------------------------------------------------------

void Simulator::react() {
  for (;;) {
    if (++runs_at_this_time_ > runs_at_one_time_max) broken("goes round in circles");
    const Actions actions = tree_.run(now_);
    stopped_in_this_run_.clear();
    for (const Action& action : actions) std::visit([this](const auto& a) { perform(a); }, action);
    for (const Action& action : actions) {
      if (const auto* start = std::get_if<StartWorker>(&action)) {
        check_order(start->node);
        const Node& node = tree_.node(start->node);
        if (tree_.held(*node.spec, node.instance) && !stopped_in_this_run_.contains(start->life))
          broken("starts what is held: " + name_of(start->node));
      } else if (const auto* stop = std::get_if<StopWorker>(&action)) {
        check_order(stop->node);
      }
    }
    check_after_run();
    if (actions.empty()) return;
  }
}

// An ordered supervisor that works through its list, upwards or downwards, leaves nothing alive behind the
// child it starts or stops.
void Simulator::check_order(NodeId child) {
  using Phase = Supervisor::Phase;
  for (; child != tree_.root(); child = tree_.node(child).parent) {
    const Node& node = tree_.node(child);
    const Node& parent = tree_.node(node.parent);
    if (!parent.supervisor) return;
    const Supervisor& supervisor = *parent.supervisor;
    const bool moves = node.state == ChildState::starting || node.state == ChildState::stopping;
    const bool sweeps = supervisor.phase != Phase::idle && supervisor.phase != Phase::one_child;
    if (!moves || node.purpose != Purpose::sweep || !sweeps || supervisor.killed) return;
    const SupervisorSpec& spec = *supervisor.spec;
    const bool group = spec.strategy == Strategy::one_for_all || spec.strategy == Strategy::rest_for_one;
    const bool ordered = group || (spec.strategy == Strategy::one_for_one && spec.ordered);
    if (!ordered) continue;
    for (NodeId other = node.next; other != NodeId::none; other = tree_.node(other).next) {
      if (lives(other)) broken("out of order: " + name_of(child) + " before " + name_of(other));
    }
  }
}

bool Simulator::lives(NodeId child) const {
  const Node& node = tree_.node(child);
  if (node.spec->supervisor) return alive_below_.contains({child, node.life});
  return processes_.contains(node.life);
}

void Simulator::check_after_run() {
  tree_.check_invariants([this](std::string_view what) { broken(std::string(what)); });
  ledger_.after_run(tree_, now_, [this](const std::string& what) { broken(what); });

  supervisors_.clear();
  std::size_t reachable = 0;
  std::size_t alive = 0;
  std::vector<NodeId> pending{tree_.root()};
  while (!pending.empty()) {
    const NodeId id = pending.back();
    pending.pop_back();
    ++reachable;
    const Node& node = tree_.node(id);
    if (processes_.contains(node.life)) {
      ++alive;
      const bool known = node.state == ChildState::starting || node.state == ChildState::running ||
                         node.state == ChildState::stopping;
      if (!known) broken("lives, and the tree does not know: " + name_of(id));
    } else if (!node.spec->supervisor && node.state == ChildState::running) {
      broken("is said to run, and is gone: " + name_of(id));
    }
    if (!node.supervisor) continue;
    supervisors_.push_back(id);
    // A slow start that a stop does not wait for goes on until its turn to be stopped has come.
    const bool ending = node.supervisor->phase == Supervisor::Phase::exiting ||
                        node.supervisor->phase == Supervisor::Phase::rolling_back;
    std::size_t moving = 0;
    for (NodeId child = node.supervisor->first; child != NodeId::none; child = tree_.node(child).next) {
      pending.push_back(child);
      const ChildState state = tree_.node(child).state;
      const bool slow = ending && style_.extensions;
      moving += (state == ChildState::starting && !slow) || state == ChildState::stopping;
    }
    const SupervisorSpec& spec = *node.supervisor->spec;
    const bool instances = spec.strategy == Strategy::simple_one_for_one;
    const bool one_by_one = (spec.ordered && !instances) || spec.strategy == Strategy::one_for_all ||
                            spec.strategy == Strategy::rest_for_one;
    if (one_by_one && !node.supervisor->killed && moving > 1) broken("two at a time: " + name_of(id));
  }
  if (reachable != tree_.size()) broken("nodes that nobody can reach");
  if (alive != processes_.size()) broken("a process without a node");
}

void Simulator::note(std::uint64_t kind, std::uint64_t a, std::uint64_t b) {
  const auto time = static_cast<std::uint64_t>(now_.time_since_epoch().count());
  for (const std::uint64_t value : {kind, a, b, time}) digest_ = (digest_ ^ value) * 0x9e3779b97f4a7c15 + 1;
}

void Simulator::broken(const std::string& what) const {
  const auto ms = std::chrono::duration_cast<Milliseconds>(now_.time_since_epoch()).count();
  throw Broken("seed " + std::to_string(seed_) + ", " + std::to_string(ms) + " ms, event " +
               std::to_string(happened_) + ": " + what);
}

std::string Simulator::name_of(NodeId id) const {
  const Node& node = tree_.node(id);
  return node.instance ? node.spec->name + "#" + std::to_string(node.instance) : node.spec->name;
}

}  // namespace simplevisor::core::testing
