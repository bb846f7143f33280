#include "supervisor/runtime/precedence.hpp"

#include <sched.h>
#include <sys/syscall.h>

#include <algorithm>
#include <thread>

namespace simplevisor::runtime {
namespace {

using process::Scheduling;

std::size_t workers_max() {
  return std::max(std::thread::hardware_concurrency(), 2U) - 1;
}

}  // namespace

Precedence::Precedence(boost::asio::io_context& io, const process::Syscalls& syscalls)
    : syscalls_{syscalls}, timer_{io} {}

Precedence::~Precedence() {
  for (const Ahead& one : ahead_) call_back(one.pid);
  const sched_param none{};
  if (claimed_) syscalls_(SYS_sched_setscheduler, 0, SCHED_OTHER, &none);
}

bool Precedence::claim() {
  if (claimed_) return true;
  const sched_param wanted{.sched_priority = process::thread_priority};
  claimed_ = syscalls_(SYS_sched_getscheduler, 0) == SCHED_OTHER &&
             syscalls_(SYS_sched_setscheduler, 0, SCHED_FIFO, &wanted) == 0;
  return claimed_;
}

Scheduling Precedence::of_next(bool replaces_a_dead_one) const {
  if (!claimed_) return Scheduling::inherit;
  return replaces_a_dead_one && ahead_.size() < workers_max() ? Scheduling::ahead : Scheduling::ordinary;
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
  const bool as_we_left_it = syscalls_(SYS_sched_getscheduler, pid) == (SCHED_FIFO | SCHED_RESET_ON_FORK) &&
                             syscalls_(SYS_sched_getparam, pid, &parameters) == 0 &&
                             parameters.sched_priority == process::worker_priority;
  parameters.sched_priority = 0;
  if (as_we_left_it) syscalls_(SYS_sched_setscheduler, pid, SCHED_OTHER, &parameters);
}

}  // namespace simplevisor::runtime
