#include "workers/amqp/mailbox.hpp"

#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/execution/outstanding_work.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/prefer.hpp>
#include <cerrno>
#include <iterator>
#include <system_error>
#include <utility>

namespace simplevisor::amqp {
namespace {

namespace asio = boost::asio;

std::size_t size_of(const broker::Event& event) {
  const auto* delivered = std::get_if<broker::Delivered>(&event);
  if (delivered == nullptr) return 0;
  std::size_t size = 256 + delivered->raw.size();
  if (delivered->message) {
    size += delivered->message->body.size();
    for (const auto& [name, value] : delivered->message->header) size += 64 + name.size() + value.size();
  }
  return size;
}

bool is_delivery(const broker::Event& event) {
  return std::holds_alternative<broker::Delivered>(event);
}
bool is_end(const broker::Event& event) {
  return std::holds_alternative<broker::Closed>(event);
}

}  // namespace

Mailbox::Mailbox(asio::any_io_executor executor, broker::Client::Tell tell)
    : executor_(asio::prefer(std::move(executor), asio::execution::outstanding_work.tracked)),
      tell_(std::make_shared<broker::Client::Tell>(std::move(tell))),
      wake_fd_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (wake_fd_ < 0) throw std::system_error(errno, std::system_category(), "eventfd");
}

Mailbox::~Mailbox() {
  forget_socket();
  close(wake_fd_);
}

void Mailbox::wake() const {
  const std::uint64_t one = 1;
  // Can fail only when the counter is full, and then it is readable.
  [[maybe_unused]] const ssize_t ignored = write(wake_fd_, &one, sizeof one);
}

void Mailbox::clear_wake() {
  std::uint64_t count = 0;
  [[maybe_unused]] const ssize_t ignored = read(wake_fd_, &count, sizeof count);
}

void Mailbox::command(Command command) {
  bool first = false;
  {
    const std::lock_guard lock(mutex_);
    if (std::holds_alternative<Disconnect>(command)) {
      leaving_ = true;
      if (opening_ && socket_ >= 0) shutdown(socket_, SHUT_RDWR);
    }
    first = commands_.empty();
    commands_.push_back(std::move(command));
  }
  if (first) wake();
}

std::vector<Command> Mailbox::take_commands() {
  const std::lock_guard lock(mutex_);
  return std::exchange(commands_, {});
}

void Mailbox::resume() {
  if (!std::exchange(paused_, false) || pending_.empty()) return;
  const std::lock_guard lock(mutex_);
  post_drain();
}

void Mailbox::abandon() {
  tell_.reset();
  abandoned_ = true;
  {
    const std::lock_guard lock(mutex_);
    // Ends whatever the library waits for.
    if (socket_ >= 0) shutdown(socket_, SHUT_RDWR);
  }
  wake();
}

void Mailbox::watch_socket(int fd) {
  forget_socket();
  const std::lock_guard lock(mutex_);
  socket_ = fcntl(fd, F_DUPFD_CLOEXEC, 0);
  if (socket_ >= 0 && (abandoned_ || (opening_ && leaving_))) shutdown(socket_, SHUT_RDWR);
}

bool Mailbox::opened() {
  const std::lock_guard lock(mutex_);
  opening_ = false;
  return !leaving_;
}

void Mailbox::forget_socket() {
  const std::lock_guard lock(mutex_);
  if (socket_ >= 0) close(socket_);
  socket_ = -1;
}

bool Mailbox::has_room() {
  if (undelivered_bytes_ < undelivered_bytes_max) return true;
  // Said first, looked at again afterwards: else the other side could make room in between and wake nobody.
  stalled_ = true;
  return undelivered_bytes_ < undelivered_bytes_max;
}

void Mailbox::tell(std::vector<broker::Event>& events) {
  if (events.empty()) return;
  std::size_t bytes = 0;
  for (const broker::Event& event : events) bytes += size_of(event);
  undelivered_bytes_ += bytes;
  const std::lock_guard lock(mutex_);
  if (events_.empty()) {
    events_.swap(events);
  } else {
    std::ranges::move(events, std::back_inserter(events_));
    events.clear();
  }
  post_drain();
}

// Requires the mutex.
void Mailbox::post_drain() {
  if (std::exchange(posted_, true)) return;
  asio::post(executor_, [self = shared_from_this()] { self->drain(); });
}

void Mailbox::drain() {
  std::vector<broker::Event> events;
  {
    const std::lock_guard lock(mutex_);
    posted_ = false;
    events.swap(events_);
  }
  // The client may be destroyed by what it is told; its function lives until it has returned.
  const auto tell = tell_;
  if (!tell) return;
  for (broker::Event& event : events) {
    if (is_delivery(event)) {
      pending_.push_back(std::move(event));
      continue;
    }
    const bool end = is_end(event);
    if (end) pending_.clear();
    (*tell)(std::move(event));
    if (!tell_ || end) return;
  }
  std::size_t taken = 0;
  while (tell_ && !paused_ && !pending_.empty()) {
    broker::Event event = std::move(pending_.front());
    pending_.pop_front();
    taken += size_of(event);
    (*tell)(std::move(event));
  }
  undelivered_bytes_ -= taken;
  if (taken > 0 && stalled_ && undelivered_bytes_ < undelivered_bytes_max / 2) {
    stalled_ = false;
    wake();
  }
}

}  // namespace simplevisor::amqp
