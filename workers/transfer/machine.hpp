// workers/transfer/machine.hpp
//
// What a transfer agent decides: how much to take in, when to check, send and send again, when the source may be told
// that a message is done with, what a failure means, and how to leave. It does nothing itself: it is told facts
// (events) and answers with orders (actions), to be carried out in their order.
//
// Life of a message
//   arrived -> checking -> ready -> sent -> settling (done)
//                       -> discarded:     settling (done)
//                       -> cannot be sent, now or ever: settling (quarantine)
//   sent, not confirmed: waiting, then ready again. Whatever is left when the agent leaves: settling (give back).
// Promise    with a reliable sink, nothing is settled as done before it was confirmed or discarded. Between the two a
//            crash makes a duplicate, never a loss.
// Blame      when the sink or the filter dies of one of several messages, nobody knows of which: all are suspects, and
//            each is offered again alone. One that is alone is to blame.
// Leaving    because it was told to: what is in hand has `linger` to be sent. Because nothing more comes (the source's end, a
//            count, a time): as long as there is progress, and `linger` without any; a filter that
//            runs has its own time for each message.
// Bounds     `window` messages and `window_bytes` in hand, in whatever state; one message may be larger.
// Time       monotonic, handed in, never decreasing. Nothing here reads a clock. The owner calls handle(Tick) at
//            next_deadline().
// Errors     none; an event about a message that is no longer in hand changes nothing.
// Threads    a plain value; its owner synchronises.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "workers/broker/client.hpp"

namespace simplevisor::transfer {

using Clock = std::chrono::steady_clock;  // a type only: nothing here calls now()
using TimePoint = Clock::time_point;
using Milliseconds = std::chrono::milliseconds;
using broker::Failure;
using broker::Ticket;  // of one message in hand, in the order of arrival

struct MachineOptions {
  std::size_t window = 100;
  std::size_t window_bytes = std::size_t{64} << 20U;
  std::optional<std::uint64_t> count = std::nullopt;      // leave after this many arrivals
  std::optional<Milliseconds> duration = std::nullopt;    // leave after this time
  std::optional<Milliseconds> inactivity = std::nullopt;  // leave when nothing arrived for this long
  std::optional<Milliseconds> linger{
      10'000};                         // what is in hand may take to be sent when leaving; none: for ever
  bool lazy = false;                   // open the sink for the first message only
  bool reconnect = true;               // a lost side is opened again; otherwise it ends the agent
  bool source_may_come_later = false;  // it is somebody else's: we are ready without it
  bool sink_may_come_later = false;
  bool filter = false;                  // a filter process checks what the rules let through
  Milliseconds filter_timeout{30'000};  // for its start and for each message; 0: none
  std::optional<unsigned> filter_starts_max = std::nullopt;  // so many in a row that failed end the agent
};

// ---- events: what happened

struct Begin {};  // once, first
struct Tick {};   // a deadline may have passed
struct Stop {};   // leave; a second time: without lingering

// An end that is being opened goes on trying: why that has not succeeded yet.
struct Trying {
  Failure failure;
};
struct SourceUp {};
struct SourceEnd {         // nothing more will come
  std::uint64_t left = 0;  // what is there still, and could not be taken
};
struct SourceDown {
  std::optional<Failure> failure = std::nullopt;
};
struct Arrived {
  Ticket ticket = 0;
  std::size_t bytes = 0;
  std::optional<std::string> unusable = std::nullopt;  // why it is no message
};

// Answers to Check.
struct Accepted {
  Ticket ticket = 0;
};
struct Discarded {
  Ticket ticket = 0;
};
struct CheckLater {
  Ticket ticket = 0;
  std::optional<Milliseconds> delay = std::nullopt;
};
struct CheckFailed {
  Ticket ticket = 0;
  std::string reason;
};
struct FilterReady {
  std::size_t window = 1;
  bool wants_idle = false;
};
struct FilterGone {
  std::string reason;
};

struct SinkUp {};
struct SinkDown {
  std::optional<Failure> failure = std::nullopt;
  bool message_to_blame = false;
};
struct SinkBlocked {};
struct SinkUnblocked {};
// Answers to Send.
using broker::Confirmed;
using broker::NotConfirmed;
using broker::Refused;

// Answers to Settle.
struct Settled {
  Ticket ticket = 0;
  bool lost = false;  // not by us: somebody else has the message now
};
struct NotSettled {  // try again
  Ticket ticket = 0;
};

using Event = std::variant<Begin, Tick, Stop, Trying, SourceUp, SourceEnd, SourceDown, Arrived, Accepted,
                           Discarded, CheckLater, CheckFailed, FilterReady, FilterGone, SinkUp, SinkDown,
                           SinkBlocked, SinkUnblocked, Confirmed, NotConfirmed, Refused, Settled, NotSettled>;

// ---- actions: what to do

struct OpenSource {};
struct CloseSource {};  // SourceDown follows
struct OpenSink {};
struct CloseSink {};  // what was sent leaves first; SinkDown follows
struct Check {
  Ticket ticket = 0;
};
struct Send {
  Ticket ticket = 0;
};
enum class Verdict : std::uint8_t { done, quarantine, give_back };
struct Settle {
  Ticket ticket = 0;
  Verdict verdict = Verdict::done;
  std::string reason;  // of a quarantine
};
// The source has forgotten it, or will bring it again: so may everybody.
struct Forget {
  Ticket ticket = 0;
};
struct StartFilter {};
struct StopFilter {};  // politely; FilterGone follows
struct KillFilter {};  // FilterGone follows
struct TellFilterIdle {};
struct Leave {
  std::optional<Failure> failure = std::nullopt;  // none: all is well
  std::uint64_t pending = 0;   // given back because the linger time was over, or left behind
  std::uint64_t hopeless = 0;  // of these: can be neither sent nor set aside
};

using Action = std::variant<OpenSource, CloseSource, OpenSink, CloseSink, Check, Send, Settle, Forget,
                            StartFilter, StopFilter, KillFilter, TellFilterIdle, Leave>;

struct Counters {
  std::uint64_t received = 0;
  std::uint64_t sent = 0;  // and confirmed
  std::uint64_t settled = 0;
  std::uint64_t discarded = 0;
  std::uint64_t retried = 0;
  std::uint64_t quarantined = 0;
  std::uint64_t reconnects = 0;
};

class Machine {
 public:
  explicit Machine(const MachineOptions& options);

  // Appends to `actions`.
  void handle(const Event& event, TimePoint now, std::vector<Action>& actions);

  // How many more messages may be taken in now.
  [[nodiscard]] std::size_t room() const noexcept;

  [[nodiscard]] TimePoint next_deadline() const;  // TimePoint::max(): none
  [[nodiscard]] const Counters& counters() const noexcept { return counters_; }
  [[nodiscard]] std::size_t pending() const noexcept { return items_.size(); }
  [[nodiscard]] bool leaving() const noexcept { return leaving_; }
  [[nodiscard]] bool blocked() const noexcept { return blocked_; }
  // It was told to end, so that its end is no trouble.
  [[nodiscard]] bool filter_stopping() const noexcept { return filter_ == FilterState::stopping; }
  // Both sides are open (or, with `lazy`, will be when there is something to send).
  [[nodiscard]] bool connected() const noexcept;
  // The filter is ready, and so are both sides, but for those that may come later: what we answer for is well.
  [[nodiscard]] bool ready() const noexcept;

 private:
  enum class State : std::uint8_t { arrived, checking, ready, sent, waiting, settling };
  enum class Side : std::uint8_t { closed, opening, open, closing };

  struct Item {
    State state = State::arrived;
    State after_waiting = State::ready;
    Verdict verdict = Verdict::done;
    bool of_lost_source = false;  // its source will bring it again, so there is nothing to settle
    bool suspect = false;
    std::size_t bytes = 0;
    unsigned failures = 0;    // sends that were not confirmed, in a row
    unsigned fatalities = 0;  // filters that died of it, alone
    TimePoint deadline = TimePoint::max();
    std::string reason;
  };
  using Items = std::map<Ticket, Item>;

  // One end of the agent, with its attempts to open it again.
  struct End {
    Side side = Side::closed;
    unsigned failures = 0;
    TimePoint again_at = TimePoint::max();
  };

  // The delay after `failures` in a row, the first being 1.
  static Milliseconds backoff(Milliseconds first, unsigned failures);

  void on(const Begin&);
  void on(const Tick&) {}
  void on(const Trying&) {}
  void on(const Stop&);
  void on(const SourceUp&);
  void on(const SourceEnd&);
  void on(const SourceDown& event);
  void on(const Arrived& event);
  void on(const Accepted& event);
  void on(const Discarded& event);
  void on(const CheckLater& event);
  void on(const CheckFailed& event);
  void on(const FilterReady& event);
  void on(const FilterGone& event);
  void on(const SinkUp&);
  void on(const SinkDown& event);
  void on(const SinkBlocked&) { blocked_ = true; }
  void on(const SinkUnblocked&) { blocked_ = false; }
  void on(const Confirmed& event);
  void on(const NotConfirmed& event);
  void on(const Refused& event);
  void on(const Settled& event);
  void on(const NotSettled& event);

  void expire();
  void expire_items();
  void plan();
  void plan_checks();
  void plan_sends();
  void leave(std::optional<Failure> failure);
  void progressed();
  [[nodiscard]] bool waits_for_filter() const noexcept;
  void go_on_leaving();
  void filter_works() noexcept { filter_troubles_ = 0; }  // it has answered, whatever it was
  void reopen_or_leave(End& end, const std::optional<Failure>& failure);
  // The next one in `queue` that may be offered beside `in_flight` others; suspects only alone.
  [[nodiscard]] std::optional<Ticket> next_of(const std::set<Ticket>& queue,
                                              const std::set<Ticket>& in_flight) const;

  Items::iterator find_in(State state, Ticket ticket);
  void move_to(Items::iterator item, State state);
  void set_deadline(Items::iterator item, TimePoint deadline);
  void wait(Items::iterator item, State then, Milliseconds delay);
  void settle(Items::iterator item, Verdict verdict, std::string reason = {});
  void leave_behind(Items::iterator item);
  void forget(Items::iterator item);
  std::set<Ticket>* index_of(State state);
  void filter_failed(const std::string& reason);

  template <class A>
  void act(A action) {
    actions_->push_back(std::move(action));
  }

  MachineOptions options_;
  TimePoint now_{};
  std::vector<Action>* actions_ = nullptr;

  Items items_;
  std::size_t bytes_ = 0;
  std::set<Ticket> arrived_;  // to be checked, in order of arrival
  std::set<Ticket> checking_;
  std::set<Ticket> ready_;  // to be sent, in order of arrival
  std::set<Ticket> sent_;
  std::set<std::pair<TimePoint, Ticket>> deadlines_;

  End source_;
  End sink_;
  bool blocked_ = false;
  bool source_ended_ = false;

  enum class FilterState : std::uint8_t { absent, starting, ready, stopping };
  FilterState filter_ = FilterState::absent;
  std::size_t filter_window_ = 1;
  bool filter_wants_idle_ = false;
  unsigned filter_troubles_ = 0;
  unsigned failed_starts_ = 0;  // of the filter, in a row
  TimePoint filter_again_at_ = TimePoint::max();
  TimePoint filter_deadline_ = TimePoint::max();
  TimePoint idle_at_ = TimePoint::max();

  std::uint64_t arrivals_left_ = UINT64_MAX;
  TimePoint over_at_ = TimePoint::max();
  TimePoint inactive_at_ = TimePoint::max();
  bool leaving_ = false;
  bool stop_asked_ = false;
  bool left_ = false;
  bool gave_back_ = false;
  TimePoint linger_until_ = TimePoint::max();
  std::optional<Failure> failure_;
  std::uint64_t given_back_ = 0;
  std::uint64_t hopeless_ = 0;
  Counters counters_;
};

}  // namespace simplevisor::transfer
