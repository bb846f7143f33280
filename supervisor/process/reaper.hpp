// supervisor/process/reaper.hpp
//
// Sees every child end, at once, and the signals meant for the supervisor: one signalfd for both.
//
// Semantics  The end of a known child: what is left of its process group is killed while the child is
//            still unreaped (so its number cannot belong to anybody else), then it is reaped, then
//            on_exit. Children we do not know are orphans adopted as a sub-reaper or as pid 1: reaped and
//            counted, never signalled. A child must be known before the loop runs again after its launch.
// Cost       per end: read of the signalfd, which names the first child (waitid twice and kill, none
//            depending on the number of children), and afterwards one waitid over all children for ends
//            whose signals merged; that walk grows with the number of children, so it is spared where it
//            costs (at most 50 ms late, at most a tenth of the time).
// Fairness   at most `ends_per_turn` ends are handled before other work of the loop gets its turn.
// Signals    the constructor blocks SIGCHLD and `signals` in the calling thread: construct before other
//            threads start. Nothing else in the process may reap children, nor wait for any with waitpid.
// Threads    that of the io_context.
#pragma once

#include <sys/signalfd.h>
#include <sys/types.h>

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>

#include "supervisor/process/exit_status.hpp"
#include "supervisor/process/syscalls.hpp"

namespace simplevisor::process {

class Reaper {
 public:
  struct Handler {
    // Whether `pid`, which has ended, is a worker of ours.
    std::function<bool(pid_t pid)> is_known{};
    // A known child has ended and is reaped. May launch, and may destroy the reaper.
    std::function<void(pid_t pid, const ExitStatus& status)> on_exit{};
    // One of `signals` arrived; `sender` is 0 when the kernel sent it.
    std::function<void(int signal, pid_t sender)> on_signal{};
    // An orphan was reaped; may be empty.
    std::function<void(pid_t pid, const ExitStatus& status)> on_orphan{};
  };

  static constexpr std::size_t ends_per_turn = 256;

  // Throws std::system_error when there is no signalfd to be had.
  Reaper(boost::asio::io_context& io, Handler handler,
         std::initializer_list<int> signals = {SIGTERM, SIGINT, SIGHUP, SIGUSR1},
         const Syscalls& syscalls = real_syscalls());
  Reaper(const Reaper&) = delete;
  Reaper& operator=(const Reaper&) = delete;
  ~Reaper();

  // Handles every end that has happened, without waiting for its signal. The constructor's caller needs it
  // once if children may have ended before; also useful after a launch loop that kept the thread busy.
  // Bounded as above.
  void poll();

  [[nodiscard]] std::uint64_t orphans() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace simplevisor::process
