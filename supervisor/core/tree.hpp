// supervisor/core/tree.hpp
//
// A supervision tree as a pure state machine: told what happened, it says what shall be done.
//
// Semantics  Erlang/OTP's `supervisor`, rule by rule: docs/otp-semantics.md. Each supervisor handles one thing
//            at a time, in order of arrival; different supervisors do not wait for each other.
// Use        post() events in the order in which they happened, then run(); carry out the actions in order and
//            post what comes of them; call run() again at next_deadline(). Several events may be posted
//            before one run(): all of them have then happened before the tree reacts to the first.
// Time       handed to run(), never decreasing. Nothing here reads a clock, calls the system or is random.
// Errors     none: what can go wrong is an event, or a `Result` in a Reply. Broken invariants are asserted.
// Threads    a plain value; its owner synchronises.
// Cost       per event O(log timers) plus the children it concerns, whatever the size of the tree.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "supervisor/core/events.hpp"
#include "supervisor/core/node.hpp"
#include "supervisor/core/spec.hpp"
#include "supervisor/core/timer_queue.hpp"

namespace simplevisor::core {

// Whether OTP would accept the flags and the children's specifications (rule 42).
[[nodiscard]] bool valid(const SupervisorSpec& spec);
[[nodiscard]] bool valid_child(const SupervisorSpec& parent, const ChildSpec& child);

class Tree {
 public:
  // `root` declares a supervisor. `seed` decides the jitter of backoffs.
  explicit Tree(std::shared_ptr<const ChildSpec> root, std::uint64_t seed = 0);
  ~Tree();
  Tree(const Tree&) = delete;
  Tree& operator=(const Tree&) = delete;

  // This child (or instance of a template) is not started with its supervisor, until restart_child (or start_child)
  // lets go of it. For those who are not in the tree: before start(), or while their supervisor does not run.
  void hold(std::shared_ptr<const ChildSpec> spec, std::uint32_t instance);
  bool let_go(const ChildSpec& spec, std::uint32_t instance);  // whether it was held
  // Starts the root; once, before anything is posted.
  void start();
  void post(Event event);

  // Reacts to what was posted and to what is due. The result is valid until the next call.
  const Actions& run(TimePoint now);
  [[nodiscard]] std::optional<TimePoint> next_deadline() const { return timers_.next(); }

  // ---- Views. Nodes that leave the tree during a run() can be looked at until the next one.

  enum class RootState : std::uint8_t { not_started, starting, running, stopping, failed, ended };
  [[nodiscard]] RootState root_state() const;
  [[nodiscard]] EndCause root_cause() const { return root_cause_; }  // of `failed` and `ended`
  [[nodiscard]] NodeId root() const { return root_; }
  [[nodiscard]] bool contains(NodeId id) const;
  [[nodiscard]] const Node& node(NodeId id) const;
  [[nodiscard]] std::optional<TimePoint> deadline_of(NodeId id) const { return timers_.deadline_of(id); }
  [[nodiscard]] NodeId child(NodeId supervisor, std::string_view name) const;
  [[nodiscard]] bool held(const ChildSpec& spec, std::uint32_t instance) const;
  [[nodiscard]] std::size_t size() const { return nodes_.size() - free_.size() - leaving_.size(); }

  // Calls `broken` for every invariant that does not hold. For tests: O(size).
  void check_invariants(const std::function<void(std::string_view)>& broken) const;

 private:
  using Phase = Supervisor::Phase;

  // tree.cpp: nodes, letters, the loop
  Node& at(NodeId id);
  Supervisor& supervisor_of(NodeId id);
  NodeId insert_child(NodeId parent, std::shared_ptr<const ChildSpec> spec, std::uint32_t instance);
  void remove_child(NodeId id);
  void set_state(Node& node, ChildState state);
  void schedule(NodeId supervisor);
  void deliver(NodeId supervisor, Mail mail);
  void handle(NodeId supervisor, Mail mail);
  void work(NodeId supervisor);
  void fire(NodeId id);
  void on(const WorkerStarted& event);
  void on(const WorkerStartFailed& event);
  void on(const WorkerExited& event);
  void on(const StopExtended& event);
  void on(const StopTree& event);
  void on(const Hurry& event);
  void on(Request& event);
  void report(Report::Kind kind, NodeId supervisor, NodeId child = NodeId::none,
              EndCause cause = EndCause::asked);

  // start.cpp: starting children, in a sweep or one by one
  [[nodiscard]] static bool starts_in_order(const Supervisor& supervisor);
  void start_child(NodeId id, Purpose purpose);
  void start_supervisor(NodeId id);
  void sweep_starts(NodeId supervisor);
  void starts_done(NodeId supervisor);
  void child_started(NodeId id);
  void child_start_failed(NodeId id);
  void one_child_begins(Supervisor& supervisor, NodeId child);
  void one_child_done(Supervisor& supervisor);

  // stop.cpp: stopping children, and the end of a supervisor
  void ask_to_stop(NodeId id, Purpose purpose);
  void request_stop(NodeId supervisor);
  void begin_exit(NodeId supervisor, EndCause cause, NodeId culprit);
  void kill_subtree(NodeId supervisor);
  void kill_whoever_stops();
  void sweep_stops(NodeId supervisor);
  void stops_done(NodeId supervisor);
  void child_stopped(NodeId id);
  void abandon_wait(NodeId id);
  void end_supervisor(NodeId id);
  [[nodiscard]] static bool stops_in_order(const Supervisor& supervisor);
  [[nodiscard]] static bool is_ending(const Supervisor& supervisor);
  [[nodiscard]] bool waits_for_slow_start(const Supervisor& supervisor) const;

  // restart.cpp: what the end of a child leads to
  void handle_death(NodeId supervisor, NodeId child);
  bool count_restart(NodeId supervisor, NodeId child);
  void restart(NodeId supervisor, NodeId child);
  void retry(NodeId supervisor, NodeId child);
  void restart_now(NodeId supervisor, NodeId child);
  [[nodiscard]] Milliseconds next_delay(NodeId child);
  void wait_counted(NodeId child, Milliseconds delay);
  void wait_for_retry(NodeId supervisor, NodeId child);
  void check_auto_shutdown(NodeId supervisor, NodeId child);

  // requests.cpp: administration
  void handle_request(NodeId supervisor, const Request& request);
  void terminate_child(NodeId supervisor, const Request& request);
  void restart_child(NodeId supervisor, const Request& request);
  void delete_child(NodeId supervisor, const Request& request);
  void add_child(NodeId supervisor, const Request& request);
  void await_child(NodeId supervisor, NodeId child, const Request& request);
  void answer_waiters(NodeId supervisor, NodeId child, Result started);
  void answer(RequestId request, Result result, NodeId node = NodeId::none);
  void hold(const Node& node);
  [[nodiscard]] NodeId stopped_instance(NodeId supervisor, std::uint32_t instance) const;

  struct HeldKey {
    const ChildSpec* spec;
    std::uint32_t instance;
    friend bool operator==(const HeldKey&, const HeldKey&) = default;
  };
  struct HeldHash {
    std::size_t operator()(const HeldKey& key) const {
      return std::hash<const void*>{}(key.spec) * 31 + key.instance;
    }
  };

  std::shared_ptr<const ChildSpec> root_spec_;
  std::uint64_t seed_;
  std::deque<Node> nodes_;  // a deque: references stay good while children are added
  std::vector<NodeId> free_;
  std::vector<NodeId> leaving_;  // removed during this run
  std::deque<NodeId> agenda_;    // supervisors with something to do
  TimerQueue timers_;
  // Each keeps its specification alive, so that no other one can come to lie at the same address.
  std::unordered_map<HeldKey, std::shared_ptr<const ChildSpec>, HeldHash> held_;
  std::vector<Event> events_;  // posted, not yet looked at
  Actions actions_;
  TimePoint now_{};
  NodeId root_ = NodeId::none;
  std::uint64_t lives_ = 0;
  EndCause root_cause_ = EndCause::asked;
  bool start_requested_ = false;
  bool root_failed_ = false;
  bool root_ended_ = false;
  bool hurry_ = false;
  bool kill_stopping_ = false;  // Hurry has just been heard
};

}  // namespace simplevisor::core
