// supervisor/runtime/log_file.hpp
//
// One worker's open log file: bytes are moved into it from the worker's FIFO, or lines are written into it, and it is
// rotated between lines.
//
// How        splice(2) at an offset that is the size of the file (splice refuses O_APPEND), of what intake.hpp shows. Until
//            `max_bytes` are reached bytes go over unseen; from there on the FIFO is looked into for the end of the line.
// Age        a file that was begun `max_age` ago is rotated at the next end of line that comes in, where the file system
//            knows when files were made (ext4, xfs, btrfs, tmpfs do).
// Kill       the file's size is the only state: whoever opens it next goes on there.
// Errors     errno values; the caller drops the file and opens it again later. Bytes that were not moved are
//            still in the FIFO.
// Threads    one at a time.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "supervisor/runtime/capture_calls.hpp"
#include "supervisor/runtime/intake.hpp"
#include "supervisor/runtime/moving_note.hpp"
#include "supervisor/runtime/unique_fd.hpp"

namespace simplevisor::runtime {

// What all log files of a directory have in common; outlives them.
struct LogPlace {
  int dir = -1;
  std::uint64_t max_bytes = 0;  // 0: never rotated
  unsigned files = 0;
  std::chrono::milliseconds max_age{0};  // 0: never rotated for its age
  std::size_t line_bytes_max = 0;
  CaptureCalls calls{};
  // Around the renames of a rotation, and after one. May be null.
  std::mutex* renaming = nullptr;
  std::function<void()> rotated{};
  std::unique_ptr<Intake> intake = std::make_unique<Intake>();
  std::unique_ptr<MovingNote> note = std::make_unique<MovingNote>();
};

struct Poured {
  std::size_t bytes = 0;   // moved
  bool empty = false;      // nothing was left in the FIFO
  int error = 0;           // why no more was moved
  int rotation_error = 0;  // the file could not be rotated; it grows on
};

class LogFile {
 public:
  using Time = std::chrono::steady_clock::time_point;
  static constexpr std::chrono::seconds look_interval{1};

  static std::expected<LogFile, int> open(LogPlace& place, std::string name, Time now);

  // Moves up to `bytes_max` of what waits in `fifo`.
  Poured pour(int fifo, std::size_t bytes_max);

  // Writes `lines`, whole ones with their ends, all of them or none. Returns 0 or an errno.
  int append(std::string_view lines, Poured& poured);
  // How many bytes may be appended before it is time to rotate; never 0.
  [[nodiscard]] std::uint64_t room() const;

  // Looks, at most once in `look_interval`, whether the name still stands for this file: false when it was
  // renamed or removed. A file that was truncated or written to by others is continued at its end.
  bool still_there(Time now);

 private:
  LogFile(LogPlace& place, std::string name) : place_(&place), name_(std::move(name)) {}

  int open_file();
  int rotate(Poured& poured);
  void rotate_if_old();
  [[nodiscard]] bool ends_with_line() const;
  // What a supervisor that was killed has written and not taken is taken now.
  void settle(int fifo) const;
  // Writes what is shown; returns how much of it.
  std::size_t move_shown(std::size_t shown, Poured& poured);
  // How many bytes may be moved next; 0 when none wait or after an error.
  std::size_t next_bytes(int fifo, Poured& poured);

  LogPlace* place_;
  std::string name_;
  UniqueFd file_;
  ino_t inode_ = 0;
  std::uint64_t size_ = 0;
  std::uint64_t rotate_at_ = 0;
  std::chrono::system_clock::time_point born_{};  // not set: not known
  bool broken_ = false;                           // may end within a line, which append() must not continue
  std::size_t overdue_bytes_ = 0;  // moved since `rotate_at_` was reached, without an end of line
  Time looked_{};
};

}  // namespace simplevisor::runtime
