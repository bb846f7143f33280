// supervisor/health/notify_message.hpp
//
// What one sd_notify(3) datagram says.
//
// Semantics  NAME=VALUE lines. Names we have no use for are passed over (MAINPID, FDNAME, MONOTONIC_USEC,
//            ...); a value that is not a number where one is due makes that line void, not the others. The
//            last of equal lines counts.
// Limits     status is valid UTF-8 without control characters and at most `status_bytes_max` long: what
//            was not is replaced by U+FFFD, or cut.
// Errors     none: a datagram is never wrong as a whole.
// Threads    pure.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace simplevisor::health {

inline constexpr std::size_t status_bytes_max = 1024;

struct NotifyMessage {
  bool ready = false;
  bool reloading = false;
  bool stopping = false;
  bool watchdog = false;          // WATCHDOG=1
  bool watchdog_trigger = false;  // WATCHDOG=trigger: "treat me as hung"
  bool barrier = false;           // BARRIER=1: the sender waits until we close the descriptor it passed
  std::optional<std::string> status{};
  std::optional<int> error{};                                  // ERRNO=
  std::optional<std::chrono::microseconds> watchdog_period{};  // WATCHDOG_USEC=, 0 turns it off
  std::optional<std::chrono::microseconds> extend_timeout{};   // EXTEND_TIMEOUT_USEC=

  friend bool operator==(const NotifyMessage&, const NotifyMessage&) = default;
};

[[nodiscard]] NotifyMessage parse_notify(std::string_view datagram);

}  // namespace simplevisor::health
