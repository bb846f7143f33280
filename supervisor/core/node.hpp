// supervisor/core/node.hpp
//
// The state of one child, and, of a child that is a running supervisor, of that supervisor. Internal to
// the core: the world sees `Tree` and its views.
//
// A supervisor's children form a doubly linked list in start order, so that adding, removing and finding the
// neighbours cost the same in a list of three and of ten thousand.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "supervisor/core/events.hpp"
#include "supervisor/core/restart_intensity.hpp"
#include "supervisor/core/spec.hpp"

namespace simplevisor::core {

// What a child is, seen by its supervisor (rule 1, with the states in between made visible).
enum class ChildState : std::uint8_t {
  stopped,     // in the list, no process
  starting,    // the start was ordered, its outcome is not known yet
  running,     //
  exited,      // ended by itself; the supervisor has not handled it yet
  restarting,  // waits for its next start: a retry, the end of a backoff or of a cool-down
  stopping,    // asked to stop
};

// On whose behalf a child starts or stops at the moment; says what follows when that is done.
enum class Purpose : std::uint8_t {
  sweep,    // the supervisor works through its list: start, group restart, shutdown
  restart,  // a restart of this child alone
  request,  // an administrator's request
};

// A message to a supervisor, handled in order of arrival, one at a time (rule 2).
struct Mail {
  enum class Kind : std::uint8_t {
    death,          // child, life, ending
    retry,          // child: its last start failed; this try counts (rule 31)
    delayed_start,  // child: its restart has been counted, its backoff is over
    request,        // index into the tree's requests
    stop,           // from the parent
  };
  Kind kind;
  NodeId child = NodeId::none;
  Life life = Life::none;
  std::unique_ptr<Request> request{};
};

// A queue that gives its memory back: most supervisors never get more than a few letters, some get thousands
// once. One that is never empty gives it back as well.
class Mailbox {
 public:
  [[nodiscard]] bool empty() const { return first_ == letters_.size(); }
  [[nodiscard]] std::size_t capacity() const { return letters_.capacity(); }
  void push(Mail mail) { letters_.push_back(std::move(mail)); }
  Mail pop() {
    Mail mail = std::move(letters_[first_++]);
    const bool mostly_read = first_ >= keep && first_ * 2 >= letters_.size();
    if (empty() || mostly_read) {
      letters_.erase(letters_.begin(), letters_.begin() + static_cast<std::ptrdiff_t>(first_));
      first_ = 0;
      if (letters_.capacity() > keep && letters_.size() * 4 <= letters_.capacity()) letters_.shrink_to_fit();
    }
    return mail;
  }

 private:
  static constexpr std::size_t keep = 64;
  std::vector<Mail> letters_;
  std::size_t first_ = 0;
};

struct Supervisor {
  // What it is doing. Everything but `idle` makes letters wait.
  enum class Phase : std::uint8_t {
    starting,      // its children for the first time
    rolling_back,  // a child could not be started: stops those that were (rule 6)
    idle,
    stopping_group,  // rule 18 (a)
    starting_group,  // rule 18 (c)
    one_child,       // waits for the start or stop of a single child
    exiting,         // stops all children, then ends
  };
  struct Waiter {
    NodeId child;
    RequestId request;
    Request::Kind kind;
  };

  explicit Supervisor(std::shared_ptr<const SupervisorSpec> declared)
      : spec{std::move(declared)}, history{spec->intensity, spec->period} {}

  std::shared_ptr<const SupervisorSpec> spec;
  RestartIntensity history;
  Mailbox mail;
  std::vector<Waiter> waiters;  // requests whose child starts or stops at the moment
  NodeId first = NodeId::none;
  NodeId last = NodeId::none;
  NodeId cursor = NodeId::none;  // of the sweep: the next child to look at
  NodeId group_first = NodeId::none;
  NodeId culprit = NodeId::none;  // the child because of which it rolls back or ends
  std::size_t in_flight = 0;      // children the sweep waits for
  Phase phase = Phase::starting;
  EndCause cause = EndCause::asked;
  bool up = false;              // its initial start has succeeded
  bool scheduled = false;       // is in the tree's queue of supervisors with something to do
  bool continue_sweep = false;  // a child the sweep waited for is done
  bool stop_requested = false;  // a letter `stop` is in the mail
  bool killed = false;          // brutally: no order, no grace, for the whole subtree
};

struct Node {
  std::shared_ptr<const ChildSpec> spec;
  std::unique_ptr<Supervisor> supervisor;  // of a running (starting, stopping) supervisor
  Life life = Life::none;                  // of the latest start
  Life started_life = Life::none;          // of the latest start that succeeded
  TimePoint since{};                       // of the present state
  NodeId parent = NodeId::none;
  NodeId previous = NodeId::none;
  NodeId next = NodeId::none;
  std::uint32_t instance = 0;
  std::uint32_t restarts_in_row = 0;  // of the backoff
  ChildState state = ChildState::stopped;
  Purpose purpose = Purpose::sweep;
  Ending ending = Ending::normal;  // of an exited child
  bool used = false;               // the slot holds a node
  bool counted = false;            // restarting: this restart has been counted already
  bool cooling = false;            // restarting: the history is forgotten when the wait is over
};

}  // namespace simplevisor::core
