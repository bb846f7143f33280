// supervisor/health/condition.hpp
//
// Decides, for one life of a worker, when it is ready, when it is late, and when it is hung. Pure: time
// and news are handed in, verdicts come out; monitor.hpp connects it to sockets and a timer.
//
// Semantics  sd_notify(3) and systemd.service(5): the start timeout runs from the launch until ready;
//            EXTEND_TIMEOUT_USEC moves it to no earlier than that much from now. The watchdog runs from
//            ready (the start timeout covers what is before) until the worker says, or is told, that it
//            stops; WATCHDOG_USEC changes its period. After one late or hung verdict nothing more is said:
//            the life is over.
// Threads    a plain value.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "supervisor/core/spec.hpp"
#include "supervisor/health/notify_message.hpp"

namespace simplevisor::health {

using core::Milliseconds;
using core::TimePoint;

struct MonitorSpec {
  enum class Ready : std::uint8_t { exec, notify, fd, after };
  Ready ready = Ready::exec;
  int fd = 3;                     // of `fd`: the number in the worker
  Milliseconds after{0};          // of `after`
  Milliseconds start_timeout{0};  // 0: none. Not for `exec` and `after`
  Milliseconds watchdog{0};       // 0: none

  // Without it, a worker costs nothing here.
  [[nodiscard]] bool needs_monitor() const { return ready != Ready::exec || watchdog.count() > 0; }
  [[nodiscard]] bool needs_socket() const { return ready == Ready::notify || watchdog.count() > 0; }
};

enum class Verdict : std::uint8_t {
  ready,
  not_ready,  // closed its readiness descriptor without a newline
  start_timeout,
  watchdog_expired,
  stopping,  // the worker said STOPPING=1
};

class Condition {
 public:
  explicit Condition(const MonitorSpec& spec) : spec_(spec), watchdog_(spec.watchdog) {}

  // Each returns what it led to, if anything; calls before started() change nothing.
  std::optional<Verdict> started(TimePoint now);
  std::optional<Verdict> heard(const NotifyMessage& message, TimePoint now);
  std::optional<Verdict> newline(TimePoint now);
  std::optional<Verdict> descriptor_closed();
  std::optional<Verdict> tick(TimePoint now);
  // The supervisor asked it to stop: from here on neither late nor hung.
  void stopping();

  [[nodiscard]] bool is_stopping() const { return state_ == State::stopping; }

  // When tick() has something to say at the earliest; the past is possible.
  [[nodiscard]] std::optional<TimePoint> next_deadline() const;

 private:
  enum class State : std::uint8_t { launching, starting, running, stopping, over };
  std::optional<Verdict> become_ready(TimePoint now);

  MonitorSpec spec_;
  State state_ = State::launching;
  std::chrono::microseconds watchdog_;
  TimePoint last_sign_of_life_{};
  std::optional<TimePoint> start_deadline_;
  TimePoint ready_at_{};  // of `after`
};

}  // namespace simplevisor::health
