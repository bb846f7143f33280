// supervisor/runtime/capture_loop.cpp
#include "supervisor/runtime/capture_loop.hpp"

#include <fmt/format.h>
#include <sys/epoll.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <new>
#include <optional>
#include <system_error>
#include <utility>

#include "supervisor/process/background_thread.hpp"
#include "supervisor/runtime/words.hpp"

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
      logs_(place_, std::max<std::size_t>(options_.open_files_max, 1)),
      lines_(table_, intake(), options_.places),
      watch_(table_, intake(),
             {.bound = options_.stuck,
              .relief = options_.relief,
              .drop = options_.drop,
              .report = [this](bool trouble, std::string message) {
                report(trouble ? CaptureReport::Kind::trouble : CaptureReport::Kind::recovered,
                       std::move(message));
              }}) {}

CaptureLoop::~CaptureLoop() {
  join();
}

void CaptureLoop::join() {
  if (thread_.joinable()) thread_.join();
}

bool CaptureLoop::join_unless_stuck() {
  if (!thread_.joinable()) return true;
  constexpr std::chrono::milliseconds between_looks{50};
  while (ended_.wait_for(between_looks) != std::future_status::ready) {
    if (watch_.stuck_for() < options_.patience) continue;
    watch_.end();
    thread_.detach();
    return false;
  }
  thread_.join();
  watch_.end();
  place_.note->remove();  // nothing is on its way
  return true;
}

int CaptureLoop::start(std::shared_ptr<void> owner) {
  if (const int error = intake().make()) return error;
  if (const int error = watch_.start()) return error;
  std::promise<void> end;
  ended_ = end.get_future();
  try {
    thread_ = process::background_thread("capture",
                                         [this, end = std::move(end), owner = std::move(owner)]() mutable {
                                           run();
                                           end.set_value();
                                         });
  } catch (const std::system_error& failure) {
    return failure.code().value();
  }
  return 0;
}

void CaptureLoop::run() {
  watch_.watches_me();
  std::array<epoll_event, events_max> events;
  for (;;) {
    const int timeout = wait_milliseconds();
    watch_.rests();
    const int count = ::epoll_wait(table_.epoll.get(), events.data(), events_max, timeout);
    watch_.begins();
    bool commanded = false;
    for (int i = 0; i < count; ++i) {
      const auto [worker, err] = CaptureTable::about(events[static_cast<std::size_t>(i)]);
      if (worker) {
        pour(*worker, options_.turn_bytes_max, err);
      } else {
        commanded = true;
      }
    }
    lines_.serve([this](CapturedWorker& worker, bool err, Unfinished unfinished) {
      pour(worker, options_.turn_bytes_max, err, unfinished);
    });
    // From here on workers may be removed: no event of this round points to one any more.
    relieve_stalled();
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
        command.done(drain_all(Unfinished::goes_on));
        break;
      case Kind::reopen:
        logs_.drop_all();
        break;
      case Kind::tell_losses:
        tell_losses();
        break;
      case Kind::stop: {
        const bool all = drain_all(Unfinished::was_whole);
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
  if (worker && drain(*worker, Unfinished::was_whole)) remove_if_closing(*worker);
}

void CaptureLoop::remove_if_closing(CapturedWorker& worker) {
  CapturedWorkers::node_type gone;
  {
    const std::scoped_lock lock{table_.mutex};
    if (!worker.second.closing) return;  // opened again meanwhile
    gone = table_.workers.extract(table_.workers.find(worker.first));
  }
  // Nobody finds it any more. Disks are waited for without the mutex.
  std::erase(stalled_, &worker);
  lines_.forget(worker);
  Captured& state = gone.mapped();
  logs_.drop(state.log);
  intake().forget(state.fifo.get());
  if (state.lines && state.lines->err) intake().forget(state.lines->err.get());
  const std::scoped_lock names{table_.names};
  if (!find(gone.key())) table_.remove_fifos(gone.key(), state);  // else it came back, to the same FIFOs
}

Poured CaptureLoop::pour(CapturedWorker& worker, std::size_t bytes_max, bool err, Unfinished unfinished) {
  Captured& state = worker.second;
  Poured poured;
  try {
    poured = pour_one(worker, bytes_max, err, unfinished);
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

Poured CaptureLoop::pour_one(CapturedWorker& worker, std::size_t bytes_max, bool err, Unfinished unfinished) {
  Captured& state = worker.second;
  LogFile* log = nullptr;
  Poured poured;
  if (!state.lines || state.lines->policy.to == config::LogTarget::files) {
    const auto opened = logs_.get(state.log, worker.first);
    if (!opened) {
      poured.error = opened.error();
      return poured;
    }
    log = *opened;
  }
  if (intake().lossy()) {
    poured.error = admit_loss(worker, log);
    if (poured.error != 0) return poured;
  }
  return state.lines ? lines_.pour(worker, err, log, bytes_max, unfinished)
                     : log->pour(state.fifo.get(), bytes_max);
}

bool CaptureLoop::drain(CapturedWorker& worker, Unfinished unfinished) {
  // What was dropped is to be told even when nothing has come since.
  if (loss_of(worker).bytes > 0 && pour(worker, 1).error != 0) return false;
  if (!drain_stream(worker, false, unfinished)) return false;
  if (worker.second.lines && worker.second.lines->err && !drain_stream(worker, true, unfinished))
    return false;
  if (worker.second.stalled) resume(worker);  // somebody else has taken what waited
  return true;
}

bool CaptureLoop::drain_stream(CapturedWorker& worker, bool err, Unfinished unfinished) {
  const int fifo = err ? worker.second.lines->err.get() : worker.second.fifo.get();
  // What waits now: somebody may go on printing for ever.
  std::size_t left = bytes_waiting(fifo);
  while (left > 0) {
    const Poured poured = pour(worker, left, err, unfinished);
    if (poured.error != 0) return false;
    if (poured.empty) break;
    left -= std::min(left, poured.bytes);
  }
  return true;
}

bool CaptureLoop::drain_all(Unfinished unfinished) {
  std::vector<CapturedWorker*> workers;
  {
    const std::scoped_lock lock{table_.mutex};
    workers.reserve(table_.workers.size());
    for (CapturedWorker& worker : table_.workers) workers.push_back(&worker);
  }
  bool all = true;
  for (CapturedWorker* const worker : workers) all = drain(*worker, unfinished) && all;
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

void CaptureLoop::relieve_stalled() {
  if (stalled_.empty() || !options_.drop) return;
  const Clock::time_point now = Clock::now();
  if (now < relieve_at_) return;
  relieve_at_ = now + options_.relief;
  for (const CapturedWorker* const worker : stalled_) {
    intake().drop_if_full(worker->second.fifo.get());
    if (worker->second.lines && worker->second.lines->err)
      intake().drop_if_full(worker->second.lines->err.get());
  }
}

Intake::Loss CaptureLoop::loss_of(const CapturedWorker& worker) {
  if (!intake().lossy()) return {};
  Intake::Loss loss = intake().loss_of(worker.second.fifo.get());
  if (!worker.second.lines || !worker.second.lines->err) return loss;
  const Intake::Loss err = intake().loss_of(worker.second.lines->err.get());
  if (loss.bytes == 0 || (err.bytes > 0 && err.since < loss.since)) loss.since = err.since;
  loss.bytes += err.bytes;
  return loss;
}

void CaptureLoop::tell_losses() {
  std::vector<CapturedWorker*> workers;
  {
    const std::scoped_lock lock{table_.mutex};
    for (CapturedWorker& worker : table_.workers) {
      if (!worker.second.stalled && loss_of(worker).bytes > 0) workers.push_back(&worker);
    }
  }
  for (CapturedWorker* const worker : workers) pour(*worker, options_.turn_bytes_max);
}

int CaptureLoop::admit_loss(CapturedWorker& worker, LogFile* log) {
  const Intake::Loss out = intake().loss_of(worker.second.fifo.get());
  const Intake::Loss all = loss_of(worker);
  if (all.bytes == 0) return 0;
  const auto during = std::chrono::ceil<std::chrono::milliseconds>(Clock::now() - all.since);
  const std::string text =
      fmt::format("{} bytes were dropped in {}: the log could not be written", all.bytes, in_words(during));
  Poured poured;
  const int error = worker.second.lines ? lines_.note(worker, log, text)
                                        : log->append(fmt::format("simplevisor: {}\n", text), poured);
  if (error != 0) return error;
  intake().told(worker.second.fifo.get(), out.bytes);
  if (all.bytes > out.bytes) intake().told(worker.second.lines->err.get(), all.bytes - out.bytes);
  report(CaptureReport::Kind::trouble, fmt::format("of the output of {}, {}", worker.first, text));
  return 0;
}

int CaptureLoop::wait_milliseconds() const {
  std::optional<Clock::time_point> at = lines_.due();
  const auto sooner = [&at](Clock::time_point other) { at = at ? std::min(*at, other) : other; };
  if (!stalled_.empty()) sooner(retry_at_);
  if (!stalled_.empty() && options_.drop) sooner(relieve_at_);
  if (!at) return -1;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(*at - Clock::now());
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
  for (const CapturedWorker* const worker : stalled_) {
    bytes += bytes_waiting(worker->second.fifo.get());
    if (worker->second.lines && worker->second.lines->err)
      bytes += bytes_waiting(worker->second.lines->err.get());
  }
  report(CaptureReport::Kind::trouble,
         fmt::format("capture ends, and {} bytes of {} workers' output cannot be written to their logs",
                     bytes, stalled_.size()));
}

void CaptureLoop::report(CaptureReport::Kind kind, std::string message) {
  if (options_.report) options_.report(CaptureReport{kind, std::move(message)});
}

}  // namespace simplevisor::runtime
