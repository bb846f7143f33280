// supervisor/health/monitor.hpp
//
// Watches one life of a worker that says for itself when it is ready, or that has a watchdog. Workers
// without either (MonitorSpec::needs_monitor() is false) have no monitor, and pay nothing.
//
// Order      open() -> put environment() and handover() into the launch -> started(pid) on success, or
//            destroy it. Destroyed when the life is over: nothing is called back afterwards.
// Callbacks  on the thread of the io_context, from its loop (of `after` with 0 also). Any of them may
//            destroy the monitor. Each but on_status and on_stop_extension is called at most once.
// Cost       one socket or pipe and one timer. The timer is not moved by WATCHDOG=1: when it fires it
//            looks at the last one. Errors     open(): one line. Threads    one.
#pragma once

#include <sys/types.h>

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "supervisor/health/condition.hpp"
#include "supervisor/process/error.hpp"
#include "supervisor/process/launch_plan.hpp"
#include "supervisor/process/syscalls.hpp"

namespace simplevisor::health {

struct MonitorCallbacks {
  std::function<void()> on_ready{};
  std::function<void()> on_not_ready{};  // closed the readiness descriptor without a newline
  std::function<void()> on_start_timeout{};
  std::function<void()> on_watchdog_expired{};
  std::function<void(const std::string& text)> on_status{};
  std::function<void()> on_stopping{};  // STOPPING=1, unasked
  // EXTEND_TIMEOUT_USEC after stopping(): the grace shall not end sooner than this from now.
  std::function<void(std::chrono::microseconds)> on_stop_extension{};
};

class Monitor {
 public:
  using ClockFunction = TimePoint (*)();

  // `socket_path`: used if spec.needs_socket(); the same for every life of a worker, so that its environment
  // stays the same. `owner`: the worker's uid if not ours. Empty callbacks are allowed.
  [[nodiscard]] static process::Result<std::unique_ptr<Monitor>> open(
      boost::asio::io_context& io, const MonitorSpec& spec, std::string socket_path,
      std::optional<uid_t> owner, MonitorCallbacks callbacks, ClockFunction clock = &core::Clock::now,
      const process::Syscalls& syscalls = process::real_syscalls());
  Monitor(const Monitor&) = delete;
  Monitor& operator=(const Monitor&) = delete;
  ~Monitor();

  // What the worker's environment needs: NOTIFY_SOCKET, WATCHDOG_USEC. (WATCHDOG_PID would differ for each
  // life, and is optional: senders are checked by us.) Pure: may be prepared once for all lives of a worker.
  [[nodiscard]] static std::vector<std::pair<std::string, std::string>> environment(
      const MonitorSpec& spec, const std::string& socket_path);
  // The descriptor the worker gets, of ready = fd; valid until started().
  [[nodiscard]] std::optional<process::Handover> handover() const;

  // Launched: closes our copy of the handed over descriptor, starts the clocks.
  void started(pid_t pid);
  // The supervisor is stopping the worker.
  void stopping();

  // What the timer does; for tests with a clock of their own.
  void expire(TimePoint now);

  [[nodiscard]] std::uint64_t dropped_messages() const;

 private:
  struct State;
  explicit Monitor(std::shared_ptr<State> state);
  std::shared_ptr<State> state_;
};

}  // namespace simplevisor::health
