// supervisor/runtime/capture_table.cpp
#include "supervisor/runtime/capture_table.hpp"

#include <sys/epoll.h>
#include <sys/eventfd.h>

#include <cerrno>
#include <utility>

namespace simplevisor::runtime {

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

int CaptureTable::add_watch(CapturedWorker& worker) {
  epoll_event event{.events = EPOLLIN, .data = {.ptr = &worker}};
  return ::epoll_ctl(epoll.get(), EPOLL_CTL_ADD, worker.second.fifo.get(), &event) == 0 ? 0 : errno;
}

void CaptureTable::watch(CapturedWorker& worker, bool on) {
  // Level-triggered: what waits is announced again and again, each worker in its turn.
  epoll_event event{.events = on ? std::uint32_t{EPOLLIN} : 0u, .data = {.ptr = &worker}};
  (void)::epoll_ctl(epoll.get(), EPOLL_CTL_MOD, worker.second.fifo.get(), &event);
}

}  // namespace simplevisor::runtime
