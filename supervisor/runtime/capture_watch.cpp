#include "supervisor/runtime/capture_watch.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <system_error>
#include <utility>

#include "supervisor/process/background_thread.hpp"
#include "supervisor/runtime/unique_fd.hpp"
#include "supervisor/runtime/words.hpp"

namespace simplevisor::runtime {
namespace {

using std::chrono::milliseconds;

constexpr int looks_until_stuck = 4;

}  // namespace

int CaptureWatch::start() {
  try {
    thread_ = process::background_thread("capture-watch", [this] { run(); });
  } catch (const std::system_error& failure) {
    return failure.code().value();
  }
  return 0;
}

void CaptureWatch::end() {
  {
    const std::scoped_lock lock{mutex_};
    ending_ = true;
    changed_.notify_all();
  }
  if (thread_.joinable()) thread_.join();
}

void CaptureWatch::wake() {
  const std::scoped_lock lock{mutex_};
  woken_ = true;
  changed_.notify_all();
}

milliseconds CaptureWatch::stuck_for() const {
  const Clock::rep since = stuck_since_.load(std::memory_order_relaxed);
  if (since == 0) return milliseconds{0};
  return std::chrono::ceil<milliseconds>(Clock::now() - Clock::time_point{Clock::duration{since}});
}

void CaptureWatch::run() {
  Lock lock{mutex_};
  while (!ending_) {
    sleep(lock);
    watch(lock);
  }
}

void CaptureWatch::sleep(Lock& lock) {
  woken_ = false;
  asleep_.store(true);
  if (!at_work_.load()) changed_.wait(lock, [this] { return woken_ || ending_; });
  asleep_.store(false);
}

bool CaptureWatch::pause(Lock& lock, milliseconds time) {
  return !changed_.wait_for(lock, time, [this] { return ending_; });
}

// Until capture has rested from one look to the next.
void CaptureWatch::watch(Lock& lock) {
  std::uint64_t seen = intake_.beats();
  int looks = 0;
  while (pause(lock, options_.bound / looks_until_stuck)) {
    const std::uint64_t beats = intake_.beats();
    if (beats != seen) {
      seen = beats;
      looks = 0;
    } else if (!at_work_.load(std::memory_order_relaxed)) {
      return;
    } else if (++looks >= looks_until_stuck) {
      if (!wants_to_run()) relieve(lock, seen);
      looks = 0;
    }
  }
}

void CaptureWatch::watches_me() {
  watched_ = ::gettid();
}

// As /proc has it, which asks no disk: "TID (NAME) STATE ...". Not to be read: no.
bool CaptureWatch::wants_to_run() const {
  const std::string path = fmt::format("/proc/self/task/{}/stat", watched_.load());
  const UniqueFd file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  std::array<char, 64> text{};
  const ssize_t got = file ? ::read(file.get(), text.data(), text.size()) : 0;
  const std::string_view stat{text.data(), static_cast<std::size_t>(std::max<ssize_t>(got, 0))};
  const std::size_t name_end = stat.rfind(") ");
  return name_end != std::string_view::npos && stat.substr(name_end + 2).starts_with('R');
}

void CaptureWatch::relieve(Lock& lock, std::uint64_t beats) {
  const Clock::time_point since = Clock::now() - options_.bound;
  stuck_since_.store(since.time_since_epoch().count(), std::memory_order_relaxed);
  const auto tell = [&](bool trouble, std::string message) {
    lock.unlock();
    if (options_.report) options_.report(trouble, std::move(message));
    lock.lock();
  };
  tell(true, fmt::format(
                 "the disk of the logs does not answer; what workers print waits in their FIFOs{}",
                 options_.drop ? ", and is dropped where one is full" : ", and they wait where one is full"));
  bool dropped = false;
  do {
    lock.unlock();
    if (options_.drop) dropped = relieve_all(beats) || dropped;
    lock.lock();
  } while (pause(lock, options_.relief) && stuck_at(beats));
  const bool over = !stuck_at(beats);
  if (!over) return;  // it is we who end
  stuck_since_.store(0, std::memory_order_relaxed);
  tell(false, fmt::format("the disk of the logs answers again, after {}",
                          in_words(std::chrono::ceil<milliseconds>(Clock::now() - since))));
  if (dropped) table_.command({CaptureCommand::Kind::tell_losses, {}});
}

bool CaptureWatch::relieve_all(std::uint64_t beats) {
  bool dropped = false;
  const std::scoped_lock lock{table_.mutex};
  for (const CapturedWorker& worker : table_.workers) {
    if (!stuck_at(beats)) break;
    dropped = intake_.drop_if_full(worker.second.fifo.get()) || dropped;
    if (worker.second.lines && worker.second.lines->err)
      dropped = intake_.drop_if_full(worker.second.lines->err.get()) || dropped;
  }
  return dropped;
}

}  // namespace simplevisor::runtime
