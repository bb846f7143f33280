// supervisor/runtime/capture_table.cpp
#include "supervisor/runtime/capture_table.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "supervisor/runtime/fifo.hpp"

namespace simplevisor::runtime {
namespace {

static_assert(alignof(CapturedWorker) > 1);

epoll_event event_of(CapturedWorker& worker, bool err, bool on) {
  epoll_event event{};
  // Bytes are moved until none are left, and what waits is announced again and again, each worker in its turn. Of lines
  // the beginning of one may be left, which is no news.
  if (on) event.events = worker.second.lines ? EPOLLIN | EPOLLET : EPOLLIN;
  // The byte after its first one stands for its second FIFO.
  void* const place = &worker;
  event.data.ptr = static_cast<char*>(place) + (err ? 1 : 0);
  return event;
}

}  // namespace

int CaptureTable::make() {
  epoll.reset(::epoll_create1(EPOLL_CLOEXEC));
  if (!epoll) return errno;
  wake_.reset(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!wake_) return errno;
  epoll_event event{.events = EPOLLIN, .data = {.ptr = nullptr}};
  return ::epoll_ctl(epoll.get(), EPOLL_CTL_ADD, wake_.get(), &event) == 0 ? 0 : errno;
}

void CaptureTable::command(CaptureCommand command) {
  {
    const std::scoped_lock lock{mutex};
    commands_.push_back(std::move(command));
    if (commands_.size() > 1) return;  // the first one has woken the thread already
  }
  (void)::eventfd_write(wake_.get(), 1);
}

std::vector<CaptureCommand> CaptureTable::take_commands() {
  // In this order: a command that comes after the reset wakes the thread again.
  eventfd_t ignored = 0;
  (void)::eventfd_read(wake_.get(), &ignored);
  const std::scoped_lock lock{mutex};
  return std::exchange(commands_, {});
}

void CaptureTable::remove_fifos(const std::string& node, const Captured& state) const {
  std::string name = file_name_of(node);
  ::unlinkat(fifo_dir.get(), name.c_str(), 0);
  if (state.lines && state.lines->err) ::unlinkat(fifo_dir.get(), name.append(error_fifo_ending).c_str(), 0);
}

void CaptureTable::listen(Listener listener) {
  const std::scoped_lock lock{news_mutex_};
  std::erase_if(listeners_, [](const Listener& old) { return old.expired(); });
  listeners_.push_back(std::move(listener));
  heard_ = true;
}

void CaptureTable::tell_news() {
  if (!heard_.load(std::memory_order_relaxed)) return;
  const std::scoped_lock lock{news_mutex_};
  for (const Listener& listener : listeners_) {
    if (const auto token = listener.lock()) (*token)();
  }
}

CaptureTable::About CaptureTable::about(const epoll_event& event) {
  void* place = event.data.ptr;
  const bool err = reinterpret_cast<std::uintptr_t>(place) % alignof(CapturedWorker) != 0;
  if (err) place = static_cast<char*>(place) - 1;
  return {static_cast<CapturedWorker*>(place), err};
}

int CaptureTable::add_watch(CapturedWorker& worker) {
  const auto add = [&](int fifo, bool err) {
    epoll_event event = event_of(worker, err, true);
    return ::epoll_ctl(epoll.get(), EPOLL_CTL_ADD, fifo, &event) == 0 ? 0 : errno;
  };
  if (const int error = add(worker.second.fifo.get(), false)) return error;
  return worker.second.lines && worker.second.lines->err ? add(worker.second.lines->err.get(), true) : 0;
}

void CaptureTable::watch(CapturedWorker& worker, bool on) {
  const auto change = [&](int fifo, bool err) {
    epoll_event event = event_of(worker, err, on);
    (void)::epoll_ctl(epoll.get(), EPOLL_CTL_MOD, fifo, &event);
  };
  change(worker.second.fifo.get(), false);
  if (worker.second.lines && worker.second.lines->err) change(worker.second.lines->err.get(), true);
}

}  // namespace simplevisor::runtime
