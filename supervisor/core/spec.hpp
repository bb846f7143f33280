// supervisor/core/spec.hpp
//
// What a supervision tree is declared to be: the words of an OTP child specification and of an OTP
// supervisor's flags, with OTP's meaning and OTP's defaults, and our extensions, which are off unless set.
//
// Semantics  Erlang/OTP `supervisor`; the numbered rules are in docs/otp-semantics.md.
// Ownership  plain values. A running tree shares specifications (`shared_ptr<const>`), it never changes them.
// Threads    immutable once built; may be read from anywhere.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace simplevisor::core {

using Clock = std::chrono::steady_clock;  // a type only: nothing in the core ever calls now()
using TimePoint = Clock::time_point;
using Milliseconds = std::chrono::milliseconds;

enum class Strategy : std::uint8_t { one_for_one, rest_for_one, one_for_all, simple_one_for_one };
enum class Restart : std::uint8_t { permanent, transient, temporary };
enum class AutoShutdown : std::uint8_t { never, any_significant, all_significant };

// Extension. What a supervisor does when a restart would be one too many: OTP's `escalate` ends the
// supervisor, `cool_down` leaves the child waiting for `SupervisorSpec::cool_down` and then tries again with
// an empty history.
enum class OnExhausted : std::uint8_t { escalate, cool_down };

// How a child is stopped (rule 8).
struct Shutdown {
  enum class Kind : std::uint8_t { brutal_kill, timed, infinity };
  Kind kind = Kind::timed;
  Milliseconds grace{5000};  // meaningful for `timed` only

  static constexpr Shutdown brutal_kill() { return {Kind::brutal_kill, Milliseconds{0}}; }
  static constexpr Shutdown infinity() { return {Kind::infinity, Milliseconds{0}}; }
  static constexpr Shutdown timed(Milliseconds grace) { return {Kind::timed, grace}; }
  friend bool operator==(const Shutdown&, const Shutdown&) = default;
};

// Extension. The delay before the n-th restart in a row: initial * factor^(n-1), at most `max`, shortened at
// random by up to `jitter` of itself. A child that ran for `healthy_after` starts again at `initial`.
// `initial` zero: OTP's behaviour, no delay.
struct Backoff {
  Milliseconds initial{0};
  double factor = 2.0;  // >= 1
  Milliseconds max{30'000};
  double jitter = 0.0;  // 0 .. 1
  Milliseconds healthy_after{10'000};
  friend bool operator==(const Backoff&, const Backoff&) = default;
};

struct SupervisorSpec;

// One child: a worker, or a supervisor when `supervisor` is set.
struct ChildSpec {
  std::string name;
  Restart restart = Restart::permanent;
  bool significant = false;
  Shutdown shutdown{};  // the default is a worker's; a supervisor's is infinity
  Backoff backoff{};
  // Of a worker: which program the shell shall run; the core only hands it back.
  std::uint32_t program = 0;
  // Extension, of a worker: it has a readiness protocol, so its start may take long; a stop request of the
  // parent does not wait for it.
  bool slow_start = false;
  std::shared_ptr<const SupervisorSpec> supervisor;
};

struct SupervisorSpec {
  Strategy strategy = Strategy::one_for_one;
  std::size_t intensity = 1;  // restarts allowed within `period`
  Milliseconds period{5000};  // > 0
  AutoShutdown auto_shutdown = AutoShutdown::never;
  // In start order. Of a simple_one_for_one supervisor: exactly one, the template of its instances.
  std::vector<std::shared_ptr<const ChildSpec>> children;

  // Extensions.
  OnExhausted on_exhausted = OnExhausted::escalate;
  Milliseconds cool_down{60'000};
  // false: children of a one_for_one (or instances) need not wait for each other when they start, stop and
  // restart; at most `max_concurrent` of them start or stop at a time.
  bool ordered = true;
  std::size_t max_concurrent = 1024;  // >= 1
  // Of a simple_one_for_one supervisor: instances that start with it, numbered from 1. OTP: none.
  std::size_t initial_instances = 0;
};

}  // namespace simplevisor::core
