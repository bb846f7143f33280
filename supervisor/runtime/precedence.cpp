#include "supervisor/runtime/precedence.hpp"

#include <fcntl.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>
#include <thread>
#include <utility>

namespace simplevisor::runtime {
namespace {

using process::Scheduling;

// Of "0.20 0.18 0.12 3/80 11206": 3.
std::size_t runnable_of(std::string_view load) {
  for (int averages = 0; averages < 3; ++averages)
    load.remove_prefix(std::min(load.find(' '), load.size() - 1) + 1);
  std::size_t runnable = 0;
  std::from_chars(load.data(), load.data() + load.size(), runnable);
  return runnable;
}

}  // namespace

Precedence::Precedence(boost::asio::io_context& io, const process::Syscalls& syscalls)
    : syscalls_{syscalls}, timer_{io}, processors_{std::max(std::thread::hardware_concurrency(), 1U)} {}

Precedence::~Precedence() {
  give_back();
}

bool Precedence::claim() {
  if (claimed_) return true;
  const sched_param wanted{.sched_priority = process::thread_priority};
  const auto set = [&](int policy) { return syscalls_(SYS_sched_setscheduler, 0, policy, &wanted) == 0; };
  constexpr long nice_0 = 20;  // as the call itself counts
  if (syscalls_(SYS_sched_getscheduler, 0) != SCHED_OTHER ||
      syscalls_(SYS_getpriority, PRIO_PROCESS, 0) != nice_0 || !set(process::ahead_policy))
    return false;
  // An RLIMIT_RTPRIO lets us become what we could not undo: without the capability nobody gets rid of the flag.
  claimed_ = set(SCHED_FIFO) && set(process::ahead_policy);
  if (!claimed_) {
    const sched_param none{};
    syscalls_(SYS_sched_setscheduler, 0, SCHED_OTHER | SCHED_RESET_ON_FORK, &none);
  } else {
    load_ =
        UniqueFd(static_cast<int>(syscalls_(SYS_openat, AT_FDCWD, "/proc/loadavg", O_RDONLY | O_CLOEXEC)));
  }
  return claimed_;
}

void Precedence::give_back() {
  for (const Ahead& one : ahead_) call_back(one.pid);
  ahead_.clear();
  timer_.cancel();
  const sched_param none{};
  if (std::exchange(claimed_, false)) syscalls_(SYS_sched_setscheduler, 0, SCHED_OTHER, &none);
}

bool Precedence::busy() const {
  std::array<char, 128> load{};
  const long bytes = syscalls_(SYS_pread64, load_.get(), load.data(), load.size(), 0);
  return bytes > 0 && runnable_of({load.data(), static_cast<std::size_t>(bytes)}) > processors_;
}

Scheduling Precedence::of_next(bool replaces_a_dead_one) const {
  const std::size_t workers_max = std::max(processors_, std::size_t{2}) - 1;
  const bool may = claimed_ && replaces_a_dead_one && ahead_.size() < workers_max;
  return may && busy() ? Scheduling::ahead : Scheduling::ordinary;
}

void Precedence::launched(pid_t pid, Scheduling how) {
  if (how != Scheduling::ahead) return;
  ahead_.push_back({pid, std::chrono::steady_clock::now() + moment});
  if (ahead_.size() == 1) wait();
}

void Precedence::ended(pid_t pid) {
  std::erase_if(ahead_, [pid](const Ahead& one) { return one.pid == pid; });
}

void Precedence::wait() {
  timer_.expires_at(ahead_.front().until);
  timer_.async_wait([this](boost::system::error_code error) {
    if (error) return;
    const auto now = std::chrono::steady_clock::now();
    while (!ahead_.empty() && ahead_.front().until <= now) {
      call_back(ahead_.front().pid);
      ahead_.pop_front();
    }
    if (!ahead_.empty()) wait();
  });
}

void Precedence::call_back(pid_t pid) const {
  sched_param parameters{};
  const bool as_we_left_it = syscalls_(SYS_sched_getscheduler, pid) == process::ahead_policy &&
                             syscalls_(SYS_sched_getparam, pid, &parameters) == 0 &&
                             parameters.sched_priority == process::worker_priority;
  parameters.sched_priority = 0;
  if (as_we_left_it) syscalls_(SYS_sched_setscheduler, pid, SCHED_OTHER, &parameters);
}

}  // namespace simplevisor::runtime
