// supervisor/runtime/journal/event.hpp
//
// Something that happened in the tree, or a decision about it, as it is told to people and programs outside.
//
// Semantics  `rule_of` names the rule of docs/otp-semantics.md by which a decision was taken.
// Threads    plain values.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace simplevisor::runtime::journal {

using EventId = std::uint64_t;  // 1, 2, 3, ... without gaps for as long as the state directory lives; 0: none
using Time = std::chrono::sys_time<std::chrono::microseconds>;

enum class Kind : std::uint8_t {
  // the supervisor itself
  began,   // its process began to supervise
  asked,   // an administrator wished for something; `by` says who
  ending,  // the tree is being stopped
  over,    // the tree is down
  // one worker
  started,       // its process runs
  ready,         // by its readiness protocol
  start_failed,  // no process came of it
  unhealthy,     // hung, or not ready in time: it is being ended, and counts as abnormal
  stopping,      // asked to stop
  killed,        // not asked any more
  ended,         // its process is gone
  // decisions of one supervisor; `about` names the child
  restarting,
  retrying,
  cooling_down,
  gave_up,
  auto_shutdown,
  supervisor_started,
  supervisor_start_failed,
  supervisor_stopped,
};

// Why a worker's process is gone.
enum class Cause : std::uint8_t {
  exited,     // by itself, with status 0
  failed,     // by itself, with another status
  signalled,  // by a signal that was not ours
  asked,      // because it was asked to stop
  unhealthy,  // because it hung or was not ready in time
  not_started,
};

struct End {
  Cause cause = Cause::exited;
  int status = 0;  // exit status, or the number of the signal
  bool by_signal = false;
  std::chrono::milliseconds lived{0};
};

struct Event {
  EventId id = 0;  // the recorder's to give
  Time time{};     // likewise
  Kind kind = Kind::began;
  std::string path;          // of the node it happened to
  std::string about{};       // of a decision: the child's path
  int pid = 0;               // 0: none
  std::uint32_t life = 0;    // the how-manieth start of this worker; 0: does not apply
  std::optional<End> end{};  // of `ended` and `start_failed`
  std::string text{};        // in words, one line, whatever bytes: "exited with status 3"
  std::string by{};          // of `asked`: "root (pid 12)"
};

[[nodiscard]] std::string_view name_of(Kind kind) noexcept;
[[nodiscard]] std::optional<Kind> kind_named(std::string_view name) noexcept;
[[nodiscard]] std::string_view name_of(Cause cause) noexcept;
[[nodiscard]] std::optional<Cause> cause_named(std::string_view name) noexcept;

// "rule 25: more restarts than the intensity allows within the period"; "" for what is no decision.
[[nodiscard]] std::string_view rule_of(Kind kind) noexcept;

}  // namespace simplevisor::runtime::journal
