// supervisor/cli/end_deadline.hpp
//
// The end of a supervisor whose tree is down has a bound: what is left to do (the last lines of its log, of the journal) waits for
// disks, and a disk may not answer. After that the process leaves without it, with a last word and its exit code.
//
// Kernel     a thread that waits for a disk uninterruptibly cannot be ended by anybody: then the process is gone for all
//            but the kernel, which keeps it, and its lock on the state directory, until the disk answers or is given up.
// Threads    one owner; a thread of its own from `arm` on.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

namespace simplevisor::cli {

class EndDeadline {
 public:
  static constexpr std::chrono::seconds limit{10};

  EndDeadline() = default;
  ~EndDeadline();  // in time
  EndDeadline(const EndDeadline&) = delete;
  EndDeadline& operator=(const EndDeadline&) = delete;

  void arm(int exit_code);

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool over_ = false;
  std::thread thread_;
};

}  // namespace simplevisor::cli
