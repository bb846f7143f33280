#include "supervisor/process/reaper.hpp"

#include <pthread.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cerrno>
#include <chrono>
#include <span>
#include <system_error>
#include <utility>
#include <vector>

namespace simplevisor::process {

namespace asio = boost::asio;

namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::microseconds;

// A walk over all children takes 50 us with a thousand of them and more than a millisecond with ten thousand. A walk in vain
// that took longer than `cheap_walk` is followed by a pause of so many times its length, so that walks
// cost a tenth of the time at most, however many workers there are and however often one of them ends.
constexpr microseconds cheap_walk{20};
constexpr int pause_per_walk = 10;
constexpr microseconds longest_pause{50'000};

int open_signalfd(const Syscalls& syscalls, std::initializer_list<int> signals) {
  sigset_t mask;
  sigemptyset(&mask);
  sigaddset(&mask, SIGCHLD);
  for (const int signal : signals) sigaddset(&mask, signal);
  ::pthread_sigmask(SIG_BLOCK, &mask, nullptr);

  // Stopped and continued children are no news; an ignored SIGCHLD would make them vanish unseen.
  struct sigaction action{};
  action.sa_handler = SIG_DFL;
  action.sa_flags = SA_NOCLDSTOP;
  ::sigaction(SIGCHLD, &action, nullptr);

  // The kernel's mask is the first eight bytes of libc's.
  const long fd = syscalls(SYS_signalfd4, -1, &mask, sizeof(std::uint64_t), SFD_CLOEXEC | SFD_NONBLOCK);
  if (fd < 0) throw std::system_error(errno, std::generic_category(), "cannot make a signalfd");
  return static_cast<int>(fd);
}

}  // namespace

struct Reaper::State : std::enable_shared_from_this<State> {
  State(asio::io_context& io, Handler its_handler, std::initializer_list<int> signals, const Syscalls& table)
      : syscalls(table),
        handler(std::move(its_handler)),
        source(io, open_signalfd(table, signals)),
        later(io) {}

  void listen() {
    source.async_read_some(asio::buffer(arrived), [self = shared_from_this()](auto error, std::size_t bytes) {
      if (!error) self->hear(bytes / sizeof(signalfd_siginfo));
      if (!self->closed && error != asio::error::operation_aborted) self->listen();
    });
  }

  void hear(std::size_t count) {
    bool child_ended = false;
    for (std::size_t i = 0; i < count && !closed; ++i) {
      const signalfd_siginfo& signal = arrived[i];
      const auto pid = static_cast<pid_t>(signal.ssi_pid);
      if (signal.ssi_signo == SIGCHLD) {
        child_ended = true;
        if (pid > 0 && has_ended(P_PID, pid) == pid) finish(pid);
      } else if (handler.on_signal) {
        // Sent by a process or not at all: si_code of kill and sigqueue is not positive.
        handler.on_signal(static_cast<int>(signal.ssi_signo), signal.ssi_code <= 0 ? pid : 0);
      }
    }
    // SIGCHLD does not queue: one that was read may stand for many, of which it names the first only.
    if (child_ended) look_for_others();
  }

  void look_for_others() {
    if (closed || walk_is_due) return;
    if (Clock::now() >= pause_until) return collect();
    walk_is_due = true;
    later.expires_at(pause_until);
    later.async_wait([self = shared_from_this()](auto) {
      self->walk_is_due = false;
      self->collect();
    });
  }

  // All ends there are, but not more than a turn's worth at once.
  void collect() {
    for (std::size_t ends = 0; ends < ends_per_turn; ++ends) {
      if (closed) return;
      const auto begin = Clock::now();
      const pid_t pid = has_ended(P_ALL, 0);
      if (pid == 0) return pause_after(begin);
      finish(pid);
    }
    if (closed || collect_posted) return;
    collect_posted = true;
    asio::post(source.get_executor(), [self = shared_from_this()] {
      self->collect_posted = false;
      self->collect();
    });
  }

  void pause_after(Clock::time_point begin) {
    const auto now = Clock::now();
    const auto walk = std::chrono::duration_cast<microseconds>(now - begin);
    if (walk > cheap_walk) pause_until = now + std::min(walk * pause_per_walk, longest_pause);
  }

  // The pid of a child that has ended and is not reaped, 0 when there is none. It stays unreaped: its number,
  // and that of its group, are its own until finish().
  pid_t has_ended(idtype_t type, pid_t pid) const {
    siginfo_t info{};
    const long result = syscalls(SYS_waitid, type, pid, &info, WEXITED | WNOHANG | WNOWAIT, nullptr);
    return result == 0 ? info.si_pid : 0;
  }

  void finish(pid_t pid) {
    const bool known = handler.is_known(pid);
    if (known) syscalls(SYS_kill, -pid, SIGKILL);
    siginfo_t info{};
    rusage usage{};
    const long result = syscalls(SYS_waitid, P_PID, pid, &info, WEXITED | WNOHANG, &usage);
    if (result != 0 || info.si_pid != pid) return;
    const ExitStatus status = ExitStatus::from(info, usage);
    if (known) {
      handler.on_exit(pid, status);
    } else {
      ++orphans;
      if (handler.on_orphan) handler.on_orphan(pid, status);
    }
  }

  const Syscalls& syscalls;
  Handler handler;
  asio::posix::stream_descriptor source;
  std::array<signalfd_siginfo, 16> arrived{};
  asio::steady_timer later;
  Clock::time_point pause_until{};
  bool walk_is_due = false;
  std::uint64_t orphans = 0;
  bool collect_posted = false;
  bool closed = false;
};

Reaper::Reaper(asio::io_context& io, Handler handler, std::initializer_list<int> signals,
               const Syscalls& syscalls)
    : state_(std::make_shared<State>(io, std::move(handler), signals, syscalls)) {
  state_->listen();
}

Reaper::~Reaper() {
  state_->closed = true;
  boost::system::error_code ignored;
  state_->source.close(ignored);
  state_->later.cancel();
}

void Reaper::poll() {
  const auto keep_alive = state_;
  keep_alive->collect();
}

std::uint64_t Reaper::orphans() const {
  return state_->orphans;
}

}  // namespace simplevisor::process
