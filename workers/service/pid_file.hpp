// workers/service/pid_file.hpp
//
// The file by which a program that runs on its own is found, watched and asked to leave.
//
// Content    "PID\n"; "PID\nquit\n" asks that process to leave. It is touched while the program lives.
// Semantics  those of stompclt and amqpclt (their --pidfile, --status, --quit), whose scripts go on working. An existing
//            file, even of a process that is gone, keeps a second program from starting.
// Locking    readers and writers hold flock(2) meanwhile; the holder of a lock never waits for anything else.
// Errors     one line with the path.
// Threads    one.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>

namespace simplevisor::service {

class PidFile {
 public:
  // What the file says to the program that made it.
  enum class Word : std::uint8_t { go_on, quit, lost };  // lost: it is gone, or names another process

  static std::expected<PidFile, std::string> create(std::string path);
  PidFile(PidFile&& other) noexcept;
  PidFile& operator=(PidFile&&) = delete;
  PidFile(const PidFile&) = delete;
  PidFile& operator=(const PidFile&) = delete;
  ~PidFile();  // removes the file if it is still ours

  // Also touches the file.
  [[nodiscard]] Word look() const;

 private:
  PidFile(std::string path, pid_t pid) : path_{std::move(path)}, pid_{pid} {}

  std::string path_;
  pid_t pid_ = 0;
};

// The exit codes of --status.
enum class Presence : std::uint8_t { alive = 0, gone = 1, no_file = 3, stale = 4 };

struct PresenceReport {
  Presence presence = Presence::no_file;
  std::string text;  // for people
};

// `stale`: empty, or alive but not touched for a minute.
[[nodiscard]] PresenceReport presence_by(const std::string& path);

// Asks the process that the file names to leave, waits that long for its end, then tells it SIGTERM, and removes the file
// if it still names that process. What was done, for people; nothing running is no error.
[[nodiscard]] std::expected<std::string, std::string> quit_by(const std::string& path,
                                                              std::chrono::milliseconds patience);

}  // namespace simplevisor::service
