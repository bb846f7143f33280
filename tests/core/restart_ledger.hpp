// tests/core/restart_ledger.hpp
//
// Counts the restarts of every supervisor a second time, from what the tree reports: none may exceed its
// intensity without giving up or cooling down, and none may give up early.
//
// A first restart is reported when it is counted. A retry is counted when the child that waited for it does not
// wait any longer; unless somebody else has taken it along (a group restart, an administrator).
#pragma once

#include <algorithm>
#include <deque>
#include <functional>
#include <map>
#include <set>
#include <string>

#include "supervisor/core/tree.hpp"

namespace simplevisor::core::testing {

class RestartLedger {
 public:
  using Broken = std::function<void(const std::string&)>;

  void on(const Report& report, const Tree& tree, TimePoint now, const Broken& broken) {
    switch (report.kind) {
      case Report::Kind::restarting:
        forget_overtaken(report, tree);
        add(report.supervisor, tree, now, broken);
        break;
      case Report::Kind::retrying:
        pages_[report.supervisor].retrying.insert(report.child);
        break;
      case Report::Kind::cooling_down:
        pages_[report.supervisor].retrying.erase(report.child);
        pages_[report.supervisor].cooling.insert(report.child);
        break;
      case Report::Kind::gave_up: {
        Page& page = pages_[report.supervisor];
        const auto& spec = *tree.node(report.supervisor).spec->supervisor;
        page.forget_older_than(now - spec.period);
        page.retrying.erase(report.child);
        if (exact(spec) && page.times.size() + page.retrying.size() + 1 <= spec.intensity)
          broken("gave up although it could have restarted once more");
        break;
      }
      case Report::Kind::supervisor_started:
      case Report::Kind::supervisor_start_failed:
      case Report::Kind::supervisor_stopped:
      case Report::Kind::auto_shutdown:
        break;
    }
    if (report.kind == Report::Kind::supervisor_stopped ||
        report.kind == Report::Kind::supervisor_start_failed)
      pages_.erase(report.supervisor);
  }

  // Terminated or deleted on request: its retry is cancelled.
  void on(const Reply& reply, const Tree& tree) {
    if (reply.node == NodeId::none || reply.result != Result::ok) return;
    const auto page = pages_.find(tree.node(reply.node).parent);
    if (page != pages_.end() && tree.node(reply.node).state == ChildState::stopped)
      page->second.retrying.erase(reply.node);
  }

  void after_run(const Tree& tree, TimePoint now, const Broken& broken) {
    for (auto& [supervisor, page] : pages_) {
      if (!tree.node(supervisor).supervisor) continue;
      const auto waits = [&](NodeId child) { return tree.node(child).state == ChildState::restarting; };
      // The end of a cool-down, which begins a new history.
      if (std::erase_if(page.cooling, [&](NodeId child) { return !waits(child); }) > 0) page.times.clear();
      const auto phase = tree.node(supervisor).supervisor->phase;
      const bool ending = phase == Supervisor::Phase::exiting || phase == Supervisor::Phase::rolling_back;
      std::set<NodeId> tried;
      for (const NodeId child : page.retrying) {
        if (!waits(child)) tried.insert(child);
      }
      for (const NodeId child : tried) {
        page.retrying.erase(child);
        const bool present = tree.contains(child) && tree.node(child).parent == supervisor;
        if (present && !ending && exact(*tree.node(supervisor).spec->supervisor))
          add(supervisor, tree, now, broken);
      }
    }
  }

 private:
  struct Page {
    std::deque<TimePoint> times;
    std::set<NodeId> retrying;
    std::set<NodeId> cooling;

    void forget_older_than(TimePoint time) {
      while (!times.empty() && times.front() < time) times.pop_front();
    }
  };

  void add(NodeId supervisor, const Tree& tree, TimePoint now, const Broken& broken) {
    Page& page = pages_[supervisor];
    const auto& spec = *tree.node(supervisor).spec->supervisor;
    page.forget_older_than(now - spec.period);
    page.times.push_back(now);
    if (page.times.size() > spec.intensity)
      broken("more restarts than its intensity allows, and nobody said so");
  }

  // Where the restart of a group is delayed, who was tried and who was overtaken cannot be told from outside.
  static bool exact(const SupervisorSpec& spec) {
    const bool group = spec.strategy == Strategy::rest_for_one || spec.strategy == Strategy::one_for_all;
    return !group || (spec.on_exhausted == OnExhausted::escalate &&
                      std::ranges::none_of(spec.children, [](const auto& child) {
                        return child->backoff.initial > Milliseconds{0};
                      }));
  }

  void forget_overtaken(const Report& report, const Tree& tree) {
    Page& page = pages_[report.supervisor];
    page.retrying.erase(report.child);
    switch (tree.node(report.supervisor).spec->supervisor->strategy) {
      case Strategy::one_for_all:
        page.retrying.clear();
        break;
      case Strategy::rest_for_one:
        for (NodeId id = report.child; id != NodeId::none; id = tree.node(id).next) page.retrying.erase(id);
        break;
      case Strategy::one_for_one:
      case Strategy::simple_one_for_one:
        break;
    }
  }

  std::map<NodeId, Page> pages_;  // from the first restart of a supervisor to its end
};

}  // namespace simplevisor::core::testing
