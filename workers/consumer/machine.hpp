// workers/consumer/machine.hpp
//
// What a consumer decides: when to take an element and from which queue, what to give to the handler, what a
// failure means, when to try again, when to give up on a message, and how to leave. It does nothing itself:
// it is told facts (events) and answers with orders (actions), to be carried out in their order.
//
// Life of a message
//   taken (locked) -> handling -> done:   settling by Finish
//                              -> later:  waiting, locked, for the delay; then handling again; not counted
//                              -> failed: counted; waiting as above, or, with none left, settling by Bury
//   Every message it holds is one Ticket, a number that is never used again.
// Blame      a persistent handler that dies takes all its unanswered messages with it. One alone is to blame
//            and has failed; of several nobody knows, so none has: each is offered again alone, which finds
//            the culprit without an innocent message ever being counted out.
// Handler    that cannot be started is tried again, more and more slowly, for as long as we are wanted; `handler_starts_max`
//            in a row end us, where somebody waits for our end. Those of one moment count as one.
// Settling   that fails is tried again in the same way; `settlings_max` failures of one message end us likewise, and it is
//            given back.
// Bounds     messages handled at a time: `window`; held in all, with those that wait: `held_max`.
// Time       monotonic, handed in, never decreasing. Nothing here reads a clock. The owner calls handle(Tick)
//            at next_deadline().
// Errors     none; an event about a ticket that is no longer held changes nothing.
// Threads    a plain value; its owner synchronises.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace simplevisor::consumer {

using Clock = std::chrono::steady_clock;  // a type only: nothing here calls now()
using TimePoint = Clock::time_point;
using Milliseconds = std::chrono::milliseconds;
using Ticket = std::uint64_t;
using QueueIndex = std::size_t;

struct MachineOptions {
  std::size_t queues = 1;
  // A process that outlives its messages: it is started, gets ready, and is started again when it has died.
  bool persistent_handler = false;
  std::size_t window = 1;                // a persistent handler may ask for less, never for more
  std::size_t held_max = 1024;           // > window
  unsigned attempts = 3;                 // failures after which a message is buried; >= 1
  Milliseconds retry_delay{5'000};       // after a failure, and after "later" without a delay
  Milliseconds handler_timeout{30'000};  // for one message; 0: none
  Milliseconds start_timeout{30'000};    // of a persistent handler; 0: none
  Milliseconds drain_timeout{4'000};
  Milliseconds poll{5'000};           // how often an idle queue is looked at although nothing woke us
  Milliseconds renew_every{100'000};  // of locks; the strictest peer breaks them after 300 s
  Milliseconds purge_every{300'000};  // 0: never
  bool until_empty = false;           // leave when every queue has nothing more to take
  std::optional<unsigned> handler_starts_max = std::nullopt;
  std::optional<unsigned> settlings_max = std::nullopt;
};

// ---- events: what happened

// Once, first.
struct Begin {};
// A deadline may have passed.
struct Tick {};
// Something may have come.
struct Woken {
  QueueIndex queue = 0;
};
// Leave; a second time: at once.
struct Drain {};

// Answers to Take, exactly one each.
struct Taken {
  Ticket ticket = 0;
  unsigned failures = 0;
  std::string last_reason;
};
// A pass over the queue is over.
struct NothingThere {
  Ticket ticket = 0;
};
// The queue is in trouble.
struct TakeFailed {
  Ticket ticket = 0;
};

// Answers to Handle.
struct Done {
  Ticket ticket = 0;
};
struct Later {
  Ticket ticket = 0;
  std::optional<Milliseconds> delay;
};
struct Failed {
  Ticket ticket = 0;
  std::string reason;
};
// No message: no second try will make it one.
struct Unusable {
  Ticket ticket = 0;
  std::string reason;
};
// No handler could be started for it, which is not its own fault.
struct NotHandled {
  Ticket ticket = 0;
  std::string hopeless = {};  // why it will be the same the next time; empty: it may be different
};
// Another has it by now. Also an answer to those below.
struct LockLost {
  Ticket ticket = 0;
};

// Answers to Finish, Bury and GiveBack.
struct Settled {
  Ticket ticket = 0;
};
// Try again.
struct NotSettled {
  Ticket ticket = 0;
};

// Of a persistent handler.
struct HandlerReady {
  std::size_t window = 1;
  bool wants_idle = false;
};
struct HandlerGone {
  std::string reason;
};

using Event = std::variant<Begin, Tick, Woken, Drain, Taken, NothingThere, TakeFailed, Done, Later, Failed,
                           Unusable, NotHandled, LockLost, Settled, NotSettled, HandlerReady, HandlerGone>;

// ---- actions: what to do

struct Take {
  Ticket ticket = 0;
  QueueIndex queue = 0;
};
// Attempts are counted from 1.
struct Handle {
  Ticket ticket = 0;
  unsigned attempt = 1;
};
// Whatever handles it; its answer follows.
struct Kill {
  Ticket ticket = 0;
};
// Where the next consumer finds it.
struct Remember {
  Ticket ticket = 0;
  unsigned failures = 0;
  std::string reason;
};
struct Finish {
  Ticket ticket = 0;
};
struct Bury {
  Ticket ticket = 0;
  unsigned failures = 0;
  std::string reason;
};
struct GiveBack {
  Ticket ticket = 0;
};
// The age of its lock.
struct Renew {
  Ticket ticket = 0;
};
struct Purge {
  QueueIndex queue = 0;
};
struct StartHandler {};
// Politely; HandlerGone follows.
struct StopHandler {};
// All of it; HandlerGone, or the answers of what was in hand, follow.
struct KillHandler {};
struct TellIdle {};
// Nothing is held any more.
struct Leave {
  std::optional<std::string> failure = std::nullopt;  // none: all is well
};

using Action = std::variant<Take, Handle, Kill, Remember, Finish, Bury, GiveBack, Renew, Purge, StartHandler,
                            StopHandler, KillHandler, TellIdle, Leave>;

struct Counters {
  std::uint64_t taken = 0;
  std::uint64_t done = 0;
  std::uint64_t later = 0;  // answers, as the next one
  std::uint64_t failed = 0;
  std::uint64_t dead = 0;  // messages buried
  std::uint64_t lost = 0;  // locks broken under us: somebody handles the message a second time
};

class Machine {
 public:
  explicit Machine(const MachineOptions& options);

  // Appends to `actions`.
  void handle(const Event& event, TimePoint now, std::vector<Action>& actions);

  [[nodiscard]] TimePoint next_deadline() const;  // TimePoint::max(): none
  [[nodiscard]] const Counters& counters() const noexcept { return counters_; }
  [[nodiscard]] std::size_t held() const noexcept { return held_.size(); }
  [[nodiscard]] std::size_t in_flight() const noexcept { return in_flight_; }
  [[nodiscard]] bool draining() const noexcept { return draining_; }
  [[nodiscard]] bool handler_ready() const noexcept { return handler_ == HandlerState::ready; }
  // Whether there is nothing it could take, as far as it knows: the time to rely on being woken.
  [[nodiscard]] bool quiet() const noexcept;

 private:
  enum class State : std::uint8_t { waiting, due, handling, settling };
  enum class Settling : std::uint8_t { finish, bury, give_back };
  enum class HandlerState : std::uint8_t { absent, starting, ready, stopping };

  struct Held {
    QueueIndex queue = 0;
    State state = State::due;
    unsigned failures = 0;
    std::string reason;                     // of the last failure
    TimePoint deadline = TimePoint::max();  // what its state waits for
    bool alone = false;                     // to be handled with no other beside it
    bool overdue = false;                   // its handler is being killed because of it
    Settling settling = Settling::finish;
    unsigned unsettled = 0;  // settlings that failed in a row
  };
  struct Queue {
    bool promising = true;  // a pass is under way, or may find something
    bool again = true;      // something came, or was taken, during this pass
    unsigned troubles = 0;
    TimePoint not_before{};  // of the next pass, after a trouble
    TimePoint poll_at = TimePoint::max();
  };
  using HeldMap = std::map<Ticket, Held>;

  void on(const Begin&);
  void on(const Tick&);
  void on(const Woken& event);
  void on(const Drain&);
  void on(const Taken& event);
  void on(const NothingThere& event);
  void on(const TakeFailed& event);
  void on(const Done& event);
  void on(const Later& event);
  void on(const Failed& event);
  void on(const Unusable& event);
  void on(const NotHandled& event);
  void on(const LockLost& event);
  void on(const Settled& event);
  void on(const NotSettled& event);
  void on(const HandlerReady& event);
  void on(const HandlerGone& event);

  void expire();  // what had a deadline that passed
  void expire_held();
  void plan();  // fills the handler and takes more
  void start_handler();
  void leave_if_possible();
  [[nodiscard]] std::optional<QueueIndex> next_queue();
  [[nodiscard]] bool may_handle() const;

  HeldMap::iterator find_in(State state, Ticket ticket);
  static bool being_settled(const Held& held) noexcept;
  void set_deadline(HeldMap::iterator held, TimePoint deadline);
  void leave_flight(HeldMap::iterator held);
  void make_due(HeldMap::iterator held);
  void wait(HeldMap::iterator held, Milliseconds delay);
  void start_handling(HeldMap::iterator held);
  void failed(HeldMap::iterator held, std::string reason);
  void settle(HeldMap::iterator held, Settling how);
  void act_on_settling(HeldMap::iterator held);
  void forget(HeldMap::iterator held);
  void back_off_handler();
  void handler_works();
  void not_started(const std::string& reason);
  void reoffer_unanswered(const std::string& reason);

  template <class A>
  void act(A action) {
    actions_->push_back(std::move(action));
  }

  MachineOptions options_;
  TimePoint now_{};                         // of the event in hand
  std::vector<Action>* actions_ = nullptr;  // of the event in hand

  HeldMap held_;
  std::set<std::pair<TimePoint, Ticket>> deadlines_;  // of those held that have one
  std::deque<Ticket> due_;  // to be handled; those that must be alone are in the other
  std::deque<Ticket> due_alone_;
  std::size_t in_flight_ = 0;
  bool alone_in_flight_ = false;
  std::optional<std::pair<Ticket, QueueIndex>> taking_;
  Ticket last_ticket_ = 0;

  std::vector<Queue> queues_;
  QueueIndex cursor_ = 0;

  HandlerState handler_ = HandlerState::absent;
  std::size_t window_ = 1;
  bool wants_idle_ = false;
  unsigned handler_troubles_ = 0;  // since something was answered
  unsigned failed_starts_ = 0;     // in a row
  std::optional<std::string> failure_;
  TimePoint handler_not_before_{};
  TimePoint handler_deadline_ = TimePoint::max();  // of its start, or of its stop
  TimePoint idle_at_{};

  TimePoint renew_at_ = TimePoint::max();
  TimePoint purge_at_ = TimePoint::max();
  bool draining_ = false;
  bool hurried_ = false;
  bool left_ = false;
  TimePoint drain_deadline_ = TimePoint::max();
  Counters counters_;
};

}  // namespace simplevisor::consumer
