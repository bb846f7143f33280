// tests/core/scripted_tree.hpp
//
// A tree for unit tests: children are declared in one line each, events name children, and what the tree
// orders comes back as lines of text ("start web", "stop web", "kill web", "reply 1 ok", "gave_up root").
//
// Time       virtual; advance() stops at every deadline on the way.
// Processes  by default a worker starts and stops as soon as it is asked to. `manual` ones wait for ready(),
//            fail(), crash() and gone(). Nothing happens by itself.
// Checks     the tree's invariants after every run; a broken one fails the test.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "supervisor/core/tree.hpp"

namespace simplevisor::core::testing {

using Lines = std::vector<std::string>;
using Child = std::shared_ptr<const ChildSpec>;

Child worker(std::string name, Restart restart = Restart::permanent, Shutdown shutdown = {});
Child worker(ChildSpec spec);
// A supervisor that may restart often, so that only tests about intensity meet it.
Child supervisor(std::string name, Strategy strategy, std::vector<Child> children, SupervisorSpec spec = {});
SupervisorSpec often();

class ScriptedTree {
 public:
  explicit ScriptedTree(Child root, std::uint64_t seed = 0);

  // Workers that do nothing unless told to; before start().
  ScriptedTree& manual(std::set<std::string> names);
  ScriptedTree& ignoring_stop(std::set<std::string> names);
  ScriptedTree& failing(std::map<std::string, int> starts);  // how many of the next starts fail

  Lines start();
  Lines ready(const std::string& name);
  Lines fail(const std::string& name);  // its start
  Lines crash(const std::string& name) { return end(name, Ending::abnormal); }
  Lines exit(const std::string& name) { return end(name, Ending::normal); }
  Lines gone(const std::string& name) { return end(name, Ending::shutdown); }
  Lines crash_all(const std::vector<std::string>& names);  // before the tree reacts to the first
  Lines stop_tree() { return post(StopTree{}); }
  Lines hurry() { return post(Hurry{}); }
  Lines request(Request::Kind kind, const std::string& supervisor, const std::string& child,
                bool hold = false);
  Lines add(const std::string& supervisor, Child spec);
  Lines add_instance(const std::string& supervisor, std::uint32_t number);
  Lines terminate_instance(const std::string& instance, bool hold = false);
  Lines post(Event event);
  Lines advance(Milliseconds by);

  Tree& tree() { return tree_; }
  [[nodiscard]] TimePoint now() const { return now_; }
  // By name; an instance is NAME#NUMBER. Fails the test when there is none.
  [[nodiscard]] NodeId find(const std::string& name) const;
  [[nodiscard]] ChildState state(const std::string& name) const { return tree_.node(find(name)).state; }
  [[nodiscard]] Life life(const std::string& name) const { return tree_.node(find(name)).life; }
  // Milliseconds until the child's timer fires.
  [[nodiscard]] Milliseconds waits(const std::string& name) const;

 private:
  Lines end(const std::string& name, Ending ending);
  Lines settle();
  void perform(const StartWorker& action);
  void perform(const StopWorker& action);
  void perform(const KillWorker& action);
  void perform(const Reply& action);
  void perform(const Report& action);
  [[nodiscard]] std::string name_of(NodeId id) const;
  [[nodiscard]] NodeId find_below(NodeId id, const std::string& name) const;

  Tree tree_;
  TimePoint now_{};
  std::set<std::string> manual_;
  std::set<std::string> ignoring_;
  std::map<std::string, int> failing_;
  std::uint64_t requests_ = 0;
  Lines lines_;
};

}  // namespace simplevisor::core::testing
