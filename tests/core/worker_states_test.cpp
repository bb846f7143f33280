// Every state of a worker and every event that can meet it, in one table. The worker "a" is a permanent,
// unordered child; an event is about its present life, "stale" ones about an earlier one.
#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "tests/core/scripted_tree.hpp"

namespace simplevisor::core::testing {
namespace {

using namespace std::chrono_literals;

Child a_with_backoff() {
  ChildSpec spec;
  spec.name = "a";
  spec.shutdown = Shutdown::timed(5s);
  spec.backoff.initial = 1s;
  spec.backoff.factor = 1.0;
  return worker(std::move(spec));
}

// Brings the worker into a state; `exited` is one that exists only inside of a run.
void reach(ScriptedTree& tree, ChildState state) {
  tree.manual({"a"});
  tree.start();
  if (state == ChildState::starting) return;
  tree.ready("a");
  switch (state) {
    case ChildState::stopped:
      tree.request(Request::Kind::terminate_child, "root", "a");
      tree.gone("a");
      break;
    case ChildState::restarting:
      tree.crash("a");
      break;
    case ChildState::stopping:
      tree.request(Request::Kind::terminate_child, "root", "a");
      break;
    case ChildState::starting:
    case ChildState::running:
    case ChildState::exited:
      break;
  }
}

std::string joined(const Lines& lines) {
  std::string all;
  for (const std::string& line : lines) all += (all.empty() ? "" : ", ") + line;
  return all;
}

struct Met {
  const char* event;
  const char* orders;  // what the tree orders and answers
  ChildState then;
};

struct Row {
  const char* name;
  ChildState state;
  std::vector<Met> events;
};

const std::vector<Row>& table() {
  using enum ChildState;
  static const std::vector<Row> rows{
      {"starting",
       starting,
       {{"started", "up root", running},
        {"start failed", "failed root", stopped},
        {"exited", "failed root", stopped},
        {"stale exit", "", starting},
        {"terminate", "", starting},  // the supervisor is busy: the letter waits
        {"restart", "", starting},
        {"delete", "", starting},
        {"stop tree", "stop a", stopping},
        {"hurry", "", starting},
        {"time", "", starting}}},
      {"running",
       running,
       {{"started", "", running},
        {"start failed", "", running},
        {"exited", "", restarting},
        {"stale exit", "", running},
        {"terminate", "stop a", stopping},
        {"restart", "reply 9 running", running},
        {"delete", "reply 9 running", running},
        {"stop tree", "stop a", stopping},
        {"hurry", "", running},
        {"time", "", running}}},
      {"restarting",
       restarting,
       {{"started", "", restarting},
        {"start failed", "", restarting},
        {"exited", "", restarting},
        {"stale exit", "", restarting},
        {"terminate", "reply 9 ok", stopped},
        {"restart", "reply 9 restarting", restarting},
        {"delete", "reply 9 restarting", restarting},
        {"stop tree", "ended root", stopped},
        {"hurry", "", restarting},
        {"time", "start a", starting}}},
      {"stopping",
       stopping,
       {{"started", "", stopping},
        {"start failed", "reply 1 ok", stopped},
        {"exited", "reply 1 ok", stopped},
        {"stale exit", "", stopping},
        {"terminate", "", stopping},  // answered with the first one
        {"restart", "reply 9 running", stopping},
        {"delete", "reply 9 running", stopping},
        {"stop tree", "", stopping},
        {"hurry", "kill a", stopping},
        {"time", "kill a", stopping}}},
      {"stopped",
       stopped,
       {{"started", "", stopped},
        {"start failed", "", stopped},
        {"exited", "", stopped},
        {"stale exit", "", stopped},
        {"terminate", "reply 9 ok", stopped},
        {"restart", "start a", starting},
        {"delete", "reply 9 ok", stopped},
        {"stop tree", "ended root", stopped},
        {"hurry", "", stopped},
        {"time", "", stopped}}},
  };
  return rows;
}

Event event_named(const std::string& name, const ScriptedTree& tree, NodeId a, Life life) {
  if (name == "started") return WorkerStarted{a, life};
  if (name == "start failed") return WorkerStartFailed{a, life};
  if (name == "exited") return WorkerExited{a, life, Ending::abnormal};
  if (name == "stale exit") return WorkerExited{a, Life::none, Ending::abnormal};
  if (name == "stop tree") return StopTree{};
  if (name == "hurry") return Hurry{};
  Request request;
  request.id = RequestId{9};
  request.supervisor = tree.find("root");
  request.child = "a";
  request.kind = name == "terminate" ? Request::Kind::terminate_child
                 : name == "restart" ? Request::Kind::restart_child
                                     : Request::Kind::delete_child;
  return request;
}

TEST(WorkerStates, MeetEveryEventAsTheTableSays) {
  for (const Row& row : table()) {
    ASSERT_EQ(row.events.size(), table().front().events.size()) << "a gap: " << row.name;
    for (const Met& met : row.events) {
      SCOPED_TRACE(std::string(row.name) + " meets " + met.event);
      SupervisorSpec flags = often();
      flags.ordered = row.state == ChildState::starting || row.state == ChildState::stopped;
      ScriptedTree tree{supervisor("root", Strategy::one_for_one, {a_with_backoff()}, flags)};
      reach(tree, row.state);
      const NodeId a = tree.find("a");
      ASSERT_EQ(tree.tree().node(a).state, row.state);
      const Life life = tree.life("a");
      const Lines orders = std::string(met.event) == "time"
                               ? tree.advance(5s)
                               : tree.post(event_named(met.event, tree, a, life));
      EXPECT_EQ(joined(orders), met.orders);
      EXPECT_EQ(tree.tree().node(a).state, met.then);
    }
  }
}

}  // namespace
}  // namespace simplevisor::core::testing
