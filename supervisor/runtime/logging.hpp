// supervisor/runtime/logging.hpp
//
// The supervisor's own log, by spdlog: to standard error, a rotating file, syslog, as text or as JSON lines.
// Everybody logs with spdlog::info(...) and its like; this decides where that goes.
//
// Text       "2026-01-31 14:05:06.789 info  message", local time. One line a message: control characters are
//            written as \n, \t or \xNN, so that no worker's name can forge a line.
// JSON       {"time":"2026-01-31T13:05:06.789Z","level":"info","message":"..."}, UTC. Bytes that are not
//            UTF-8 become U+FFFD.
// Waiting    With standard error alone, a message is written where it is made, and only as far as it can be
//            taken within `stderr_patience`. With a file or syslog, all is written by a thread of its own
//            behind a queue of `queue_messages_max` messages; when that is full the oldest one goes. Both
//            count in `dropped()`.
// Errors     A file that cannot be opened, or an unknown level or facility: an error at `start`. Later
//            nothing throws out of a log call: a message that cannot be written (ENOSPC) is dropped and
//            counted, a half written one taken back.
// Flush      every message is handed to the system when written; nothing is fsynced.
// Threads    one Logging at a time; log calls and `reopen` from any thread. Start it after any fork: the
//            writing thread does not survive one, and with SIGPIPE ignored: standard error may be a pipe
//            whose reader has gone.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "supervisor/config/model.hpp"
#include "supervisor/runtime/storage_error.hpp"

namespace simplevisor::runtime {

class Logging {
 public:
  static constexpr std::size_t queue_messages_max = 1024;
  static constexpr std::chrono::milliseconds stderr_patience{100};

  // `program`: the name syslog shows.
  static StorageResult<std::unique_ptr<Logging>> start(const config::LogSettings& settings,
                                                       const std::string& program);

  // Writes what is queued, then gives spdlog a plain logger on standard error.
  ~Logging();
  Logging(const Logging&) = delete;
  Logging& operator=(const Logging&) = delete;

  // The file was moved away (logrotate, SIGHUP): the next message opens it anew.
  void reopen();

  // Messages lost since the start, for whatever reason.
  [[nodiscard]] std::uint64_t dropped() const;

 private:
  struct State;
  explicit Logging(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace simplevisor::runtime
