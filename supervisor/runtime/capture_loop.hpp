// supervisor/runtime/capture_loop.hpp
//
// The capture thread: waits for any worker to print, moves what it printed into its log, turn by turn, and
// does what the others ask of it.
//
// Fairness   one worker's turn ends after `turn_bytes_max`; epoll puts it behind the others that wait.
// Trouble    a worker whose log cannot be written is stalled: no longer watched, tried again after a pause
//            that doubles. What is wrong with the whole file system is tried with a few workers only, and
//            reported once a minute at most. When its FIFO is full too, what is in it is dropped and counted, so that
//            the worker goes on (unless it shall wait), and told in its log when that can be written again. A disk that
//            does not answer holds this thread up: capture_watch.hpp then drops in its place.
// Threads    `start`, `end` and the destructor on the owner's; all else on its own.
#pragma once

#include <chrono>
#include <future>
#include <memory>
#include <thread>
#include <vector>

#include "supervisor/runtime/capture.hpp"
#include "supervisor/runtime/capture_table.hpp"
#include "supervisor/runtime/capture_watch.hpp"
#include "supervisor/runtime/line_capture.hpp"
#include "supervisor/runtime/log_file_cache.hpp"

namespace simplevisor::runtime {

class CaptureLoop {
 public:
  using Clock = std::chrono::steady_clock;

  CaptureLoop(CaptureTable& table, LogPlace place, CaptureOptions options);
  ~CaptureLoop();  // waits for the thread, which must have been told to stop or to abandon
  CaptureLoop(const CaptureLoop&) = delete;
  CaptureLoop& operator=(const CaptureLoop&) = delete;

  // Error: an errno, when the system has no thread or descriptor to give. The thread keeps `owner` alive, of which this and
  // all it uses is a part.
  int start(std::shared_ptr<void> owner);
  // Waits for the thread, which must have been told to stop or to abandon. False: a disk has held it up for longer than our
  // patience, and it is left to itself.
  bool join_unless_stuck();
  [[nodiscard]] bool running() const { return thread_.joinable(); }
  [[nodiscard]] const CaptureCalls& calls() const { return place_.calls; }
  [[nodiscard]] const CaptureOptions& options() const { return options_; }

 private:
  void run();
  bool run_commands();  // false: end
  void close(const std::string& node);

  Poured pour(CapturedWorker& worker, std::size_t bytes_max, bool err = false,
              Unfinished unfinished = Unfinished::stays);
  Poured pour_one(CapturedWorker& worker, std::size_t bytes_max, bool err, Unfinished unfinished);
  // Writes what waits, and of a line without an end the part that is there.
  bool drain(CapturedWorker& worker, Unfinished unfinished = Unfinished::goes_on);
  bool drain_stream(CapturedWorker& worker, bool err, Unfinished unfinished);
  bool drain_all(Unfinished unfinished);
  void remove_if_closing(CapturedWorker& worker);
  CapturedWorker* find(const std::string& node);

  void stall(CapturedWorker& worker, int error);
  void resume(CapturedWorker& worker);
  void retry_stalled();
  void relieve_stalled();
  [[nodiscard]] Intake& intake() { return *place_.intake; }
  [[nodiscard]] Intake::Loss loss_of(const CapturedWorker& worker);
  void tell_losses();
  void join();
  // Says in the log what was dropped while it could not be written. An errno, when it still cannot.
  int admit_loss(CapturedWorker& worker, LogFile* log);
  [[nodiscard]] int wait_milliseconds() const;

  void report_trouble(const CapturedWorker& worker, int error);
  void report_rest();
  void report(CaptureReport::Kind kind, std::string message);

  CaptureTable& table_;
  CaptureOptions options_;
  LogPlace place_;
  LogFileCache logs_;
  LineCapture lines_;
  std::vector<CapturedWorker*> stalled_;
  Clock::time_point relieve_at_{};
  std::chrono::milliseconds pause_{0};
  Clock::time_point retry_at_{};
  bool moved_ = false;               // something has come into a log since that was told
  bool told_trouble_ = false;        // and not yet that it is over
  Clock::time_point quiet_until_{};  // no more of what concerns the whole file system before
  CaptureWatch watch_;
  std::future<void> ended_;
  std::thread thread_;
};

}  // namespace simplevisor::runtime
