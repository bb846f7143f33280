// supervisor/runtime/capture_watch.hpp
//
// Notices that the capture thread is held up by a disk that does not answer, and keeps workers from being held up with it.
//
// Stuck      the capture thread is at work, has not got on for `bound`, and sleeps: one that would run and gets no processor is
//            late, not stuck. Counted in looks of ours, not by the clock: of a machine that was asleep, or a process that was
//            stopped, neither thread has got on.
// Then       what is in FIFOs that are full is dropped, every `relief`, with the accounts of a log that cannot be written
//            (intake.hpp), until the capture thread is back; it is asked to tell the losses. Without `drop` workers wait.
//            Both ends are reported.
// Cost       of the capture thread two stores and a load for each time it wakes up. The watching thread sleeps while capture does,
//            and looks four times per `bound` while it works.
// Threads    watches_me, begins, rests: the capture thread, which ends before this is destroyed. stuck_for: any. The report comes from a
//            thread of its own, which never touches a disk.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

#include "supervisor/runtime/capture_table.hpp"
#include "supervisor/runtime/intake.hpp"

namespace simplevisor::runtime {

class CaptureWatch {
 public:
  struct Options {
    std::chrono::milliseconds bound{1000};
    std::chrono::milliseconds relief{100};
    bool drop = true;
    std::function<void(bool trouble, std::string message)> report{};
  };

  CaptureWatch(CaptureTable& table, Intake& intake, Options options)
      : table_(table), intake_(intake), options_(std::move(options)) {}
  ~CaptureWatch() { end(); }
  CaptureWatch(const CaptureWatch&) = delete;
  CaptureWatch& operator=(const CaptureWatch&) = delete;

  // 0, or an errno when the system has no thread to give.
  int start();
  void end();

  void watches_me();
  void begins() {
    at_work_.store(true);
    // In this order, and the other way round in the watching thread: one of the two sees the other.
    if (asleep_.load()) wake();
  }
  void rests() {
    intake_.beat();
    at_work_.store(false, std::memory_order_release);
  }

  // Zero: it is not.
  [[nodiscard]] std::chrono::milliseconds stuck_for() const;

 private:
  using Clock = std::chrono::steady_clock;
  using Lock = std::unique_lock<std::mutex>;

  void run();
  void wake();
  void sleep(Lock& lock);
  bool pause(Lock& lock, std::chrono::milliseconds time);  // false: the end
  void watch(Lock& lock);
  [[nodiscard]] bool wants_to_run() const;
  void relieve(Lock& lock, std::uint64_t beats);
  bool relieve_all(std::uint64_t beats);
  [[nodiscard]] bool stuck_at(std::uint64_t beats) const {
    return at_work_.load(std::memory_order_relaxed) && intake_.beats() == beats;
  }

  CaptureTable& table_;
  Intake& intake_;
  Options options_;
  std::atomic<pid_t> watched_ = 0;
  std::atomic<bool> at_work_ = false;
  std::atomic<bool> asleep_ = false;
  std::atomic<Clock::rep> stuck_since_ = 0;  // 0: not stuck
  std::mutex mutex_;
  std::condition_variable changed_;
  bool woken_ = false;
  bool ending_ = false;
  std::thread thread_;
};

}  // namespace simplevisor::runtime
