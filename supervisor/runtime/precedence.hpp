// supervisor/runtime/precedence.hpp
//
// A restart does not queue behind whoever keeps the processors busy: the supervision thread, and on a busy host for its first moment
// a worker that takes the place of one that died, run before all ordinary processes.
//
// Semantics  process/scheduling.hpp. A worker is ordinary again after `moment`, unless it has chosen otherwise meanwhile.
// Busy       more threads want to run than there are processors (/proc/loadavg), at the moment of the restart. Where nobody has
//            to wait, being ahead only makes the kernel look for the other processor.
// Bounds     at most one worker less than there are processors (one, where there is one), so that the rest of the host
//            goes on; those that come on top start as ever. Kernels leave ordinary processes 5 % in any case.
// Nice       The kernel sets what such a worker starts to nice 0. So a supervisor that has another claims nothing, and a worker
//            that is to have another starts as ever.
// Errors     none: without permission (root, CAP_SYS_NICE) all is as it would be without.
// Threads    the one that claimed it, and ends it.
#pragma once

#include <sys/types.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstddef>
#include <deque>

#include "supervisor/process/scheduling.hpp"
#include "supervisor/process/syscalls.hpp"
#include "supervisor/runtime/unique_fd.hpp"

namespace simplevisor::runtime {

class Precedence {
 public:
  static constexpr std::chrono::milliseconds moment{20};

  Precedence(boost::asio::io_context& io, const process::Syscalls& syscalls);
  // Gives it back.
  ~Precedence();
  Precedence(const Precedence&) = delete;
  Precedence& operator=(const Precedence&) = delete;

  // For the calling thread. False: it may not, or somebody else has said already how it is to run.
  bool claim();
  // The thread and whoever is ahead are ordinary again: there is nothing to restart any more, and what is to end needs processors
  // as well.
  void give_back();

  // How the next process is to be launched, now.
  [[nodiscard]] process::Scheduling of_next(bool replaces_a_dead_one) const;
  void launched(pid_t pid, process::Scheduling how);
  // It has been reaped: its number may be another's from now on.
  void ended(pid_t pid);

 private:
  struct Ahead {
    pid_t pid;
    std::chrono::steady_clock::time_point until;
  };
  [[nodiscard]] bool busy() const;
  void wait();
  void call_back(pid_t pid) const;

  const process::Syscalls& syscalls_;
  boost::asio::steady_timer timer_;
  const std::size_t processors_;
  std::deque<Ahead> ahead_;  // the first to be called back comes first
  bool claimed_ = false;
  UniqueFd load_;  // /proc/loadavg
};

}  // namespace simplevisor::runtime
