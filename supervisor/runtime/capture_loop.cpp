// supervisor/runtime/capture_loop.cpp
#include "supervisor/runtime/capture_loop.hpp"

#include <fmt/format.h>
#include <pthread.h>
#include <signal.h>
#include <sys/epoll.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <new>
#include <system_error>
#include <utility>

namespace simplevisor::runtime {

namespace {

constexpr std::size_t events_max = 64;
constexpr std::size_t failed_retries_max = 8;  // in one round of retries
constexpr std::chrono::minutes quiet{1};

// Not the fault of one worker's file.
bool concerns_all(int error) {
  return error == ENOSPC || error == EDQUOT || error == EIO || error == EROFS || error == ENOMEM ||
         error == EMFILE || error == ENFILE;
}

std::string describe(int error) {
  return std::error_code{error, std::system_category()}.message();
}

}  // namespace

CaptureLoop::CaptureLoop(CaptureTable& table, LogPlace place, CaptureOptions options)
    : table_(table),
      options_(std::move(options)),
      place_(std::move(place)),
      logs_(place_, std::max<std::size_t>(options_.open_files_max, 1)) {}

CaptureLoop::~CaptureLoop() {
  join();
}

void CaptureLoop::join() {
  if (thread_.joinable()) thread_.join();
}

int CaptureLoop::start() {
  // The new thread inherits the mask: signals are for the supervision thread alone.
  sigset_t all;
  sigset_t before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  int error = 0;
  try {
    thread_ = std::thread{[this] { run(); }};
  } catch (const std::system_error& failure) {
    error = failure.code().value();
  }
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return error;
}

void CaptureLoop::run() {
  ::pthread_setname_np(::pthread_self(), "capture");
  std::array<epoll_event, events_max> events;
  for (;;) {
    const int count = ::epoll_wait(table_.epoll.get(), events.data(), events_max, wait_milliseconds());
    bool commanded = false;
    for (int i = 0; i < count; ++i) {
      void* const about = events[static_cast<std::size_t>(i)].data.ptr;
      if (about) {
        pour(*static_cast<CapturedWorker*>(about), options_.turn_bytes_max);
      } else {
        commanded = true;
      }
    }
    // From here on workers may be removed: no event of this round points to one any more.
    retry_stalled();
    const bool go_on = !commanded || run_commands();
    if (std::exchange(moved_, false)) table_.tell_news();
    if (!go_on) return;
  }
}

bool CaptureLoop::run_commands() {
  using Kind = CaptureCommand::Kind;
  for (CaptureCommand& command : table_.take_commands()) {
    switch (command.kind) {
      case Kind::close:
        close(command.node);
        break;
      case Kind::drained: {
        CapturedWorker* const worker = find(command.node);
        command.done(!worker || drain(*worker));
        break;
      }
      case Kind::sync:
        command.done(drain_all());
        break;
      case Kind::reopen:
        logs_.drop_all();
        break;
      case Kind::stop: {
        const bool all = drain_all();
        if (!all) report_rest();
        command.done(all);
        return false;
      }
      case Kind::abandon:
        return false;
    }
  }
  return true;
}

CapturedWorker* CaptureLoop::find(const std::string& node) {
  const std::scoped_lock lock{table_.mutex};
  const auto found = table_.workers.find(node);
  return found == table_.workers.end() ? nullptr : &*found;
}

void CaptureLoop::close(const std::string& node) {
  CapturedWorker* const worker = find(node);
  // A stalled one is removed once its bytes are in the file: retry_stalled sees to it.
  if (worker && drain(*worker)) remove_if_closing(*worker);
}

void CaptureLoop::remove_if_closing(CapturedWorker& worker) {
  const std::scoped_lock lock{table_.mutex};
  if (!worker.second.closing) return;  // opened again meanwhile
  logs_.drop(worker.second.log);
  std::erase(stalled_, &worker);
  ::unlinkat(table_.fifo_dir.get(), file_name_of(worker.first).c_str(), 0);
  table_.workers.erase(table_.workers.find(worker.first));
}

Poured CaptureLoop::pour(CapturedWorker& worker, std::size_t bytes_max) {
  Captured& state = worker.second;
  Poured poured;
  try {
    const auto log = logs_.get(state.log, worker.first);
    if (log) {
      poured = (*log)->pour(state.fifo.get(), bytes_max);
    } else {
      poured.error = log.error();
    }
  } catch (const std::bad_alloc&) {
    poured.error = ENOMEM;
  }
  if (poured.rotation_error != 0) {
    report(CaptureReport::Kind::trouble, fmt::format("the log of {} cannot be rotated and grows on: {}",
                                                     worker.first, describe(poured.rotation_error)));
  }
  moved_ = moved_ || poured.bytes > 0;
  if (poured.error != 0) {
    logs_.drop(state.log);
    stall(worker, poured.error);
  } else if (state.stalled) {
    resume(worker);
  }
  return poured;
}

bool CaptureLoop::drain(CapturedWorker& worker) {
  // What waits now: somebody may go on printing for ever.
  std::size_t left = bytes_waiting(worker.second.fifo.get());
  while (left > 0) {
    const Poured poured = pour(worker, left);
    if (poured.error != 0) return false;
    if (poured.empty) break;
    left -= std::min(left, poured.bytes);
  }
  if (worker.second.stalled) resume(worker);  // somebody else has taken what waited
  return true;
}

bool CaptureLoop::drain_all() {
  std::vector<CapturedWorker*> workers;
  {
    const std::scoped_lock lock{table_.mutex};
    workers.reserve(table_.workers.size());
    for (CapturedWorker& worker : table_.workers) workers.push_back(&worker);
  }
  bool all = true;
  for (CapturedWorker* const worker : workers) all = drain(*worker) && all;
  return all;
}

void CaptureLoop::stall(CapturedWorker& worker, int error) {
  if (worker.second.stalled) return;
  worker.second.stalled = true;
  table_.watch(worker, false);
  if (stalled_.empty()) {
    pause_ = options_.retry_first;
    retry_at_ = Clock::now() + pause_;
  }
  stalled_.push_back(&worker);
  report_trouble(worker, error);
}

void CaptureLoop::resume(CapturedWorker& worker) {
  worker.second.stalled = false;
  table_.watch(worker, true);
  std::erase(stalled_, &worker);
  if (stalled_.empty() && std::exchange(told_trouble_, false)) {
    report(CaptureReport::Kind::recovered, "the workers' output can be written to their logs again");
  }
}

void CaptureLoop::retry_stalled() {
  if (stalled_.empty() || Clock::now() < retry_at_) return;
  std::vector<CapturedWorker*> waiting = stalled_;
  std::size_t failed = 0;
  std::size_t tried = 0;
  for (CapturedWorker* const worker : waiting) {
    if (failed == failed_retries_max) break;
    ++tried;
    if (drain(*worker)) {
      remove_if_closing(*worker);
    } else {
      ++failed;
    }
  }
  // Those that were tried in vain go to the end, so that next time it is the others' turn.
  if (!stalled_.empty())
    std::ranges::rotate(stalled_, stalled_.begin() + static_cast<std::ptrdiff_t>(failed));
  const bool progress = failed < tried;
  pause_ = progress ? options_.retry_first : std::min(pause_ * 2, options_.retry_max);
  retry_at_ = Clock::now() + pause_;
}

int CaptureLoop::wait_milliseconds() const {
  if (stalled_.empty()) return -1;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(retry_at_ - Clock::now());
  return static_cast<int>(std::max<std::chrono::milliseconds::rep>(left.count(), 0));
}

void CaptureLoop::report_trouble(const CapturedWorker& worker, int error) {
  if (concerns_all(error)) {
    const Clock::time_point now = Clock::now();
    if (now < quiet_until_) return;
    quiet_until_ = now + quiet;
  }
  told_trouble_ = true;
  report(CaptureReport::Kind::trouble,
         fmt::format("the output of {} cannot be written to its log and waits in its FIFO: {}", worker.first,
                     describe(error)));
}

void CaptureLoop::report_rest() {
  std::size_t bytes = 0;
  for (const CapturedWorker* const worker : stalled_) bytes += bytes_waiting(worker->second.fifo.get());
  report(CaptureReport::Kind::trouble,
         fmt::format("capture ends, and {} bytes of {} workers' output cannot be written to their logs",
                     bytes, stalled_.size()));
}

void CaptureLoop::report(CaptureReport::Kind kind, std::string message) {
  if (options_.report) options_.report(CaptureReport{kind, std::move(message)});
}

}  // namespace simplevisor::runtime
