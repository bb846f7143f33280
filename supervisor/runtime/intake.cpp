#include "supervisor/runtime/intake.hpp"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>

namespace simplevisor::runtime {

int Intake::make() {
  if (!null_) null_.reset(::open("/dev/null", O_WRONLY | O_CLOEXEC));
  if (!null_) return errno;
  if (const int error = shown_.make()) return error;
  return dropped_.make();
}

std::expected<std::size_t, int> Intake::show(int fifo, std::size_t bytes) {
  beat();
  const std::scoped_lock lock{mutex_};
  shown_last_ = fifo;
  dropped_since_ = 0;
  interrupted_ = false;
  return shown_.show(fifo, bytes);
}

std::expected<std::string_view, int> Intake::look(int fifo) {
  const auto shown = show(fifo, bytes_max);
  if (!shown) return std::unexpected(shown.error());
  return shown_.read(*shown);
}

int Intake::take(int fifo, std::size_t bytes) {
  beat();
  const std::scoped_lock lock{mutex_};
  if (fifo == shown_last_ && dropped_since_ > 0) {
    interrupted_ = true;
    const std::size_t gone_already = std::min(bytes, dropped_since_);
    credit(fifo, gone_already);
    bytes -= gone_already;
  }
  return discard(fifo, bytes);
}

int Intake::discard(int fifo, std::size_t bytes) {
  while (bytes > 0) {
    const ssize_t taken = ::splice(fifo, nullptr, null_.get(), nullptr, bytes, SPLICE_F_NONBLOCK);
    if (taken < 0 && errno == EINTR) continue;
    if (taken < 0 && errno != EAGAIN) return errno;
    if (taken <= 0) return 0;  // somebody else has taken it
    bytes -= static_cast<std::size_t>(taken);
  }
  return 0;
}

bool Intake::drop_if_full(int fifo) {
  const std::scoped_lock lock{mutex_};
  if (!is_full(fifo)) return false;
  const auto seen = dropped_.look(fifo);
  if (!seen || seen->empty()) return false;
  const std::size_t last_end = seen->rfind('\n');
  const std::size_t bytes = last_end == std::string_view::npos ? seen->size() : last_end + 1;
  if (discard(fifo, bytes) != 0) return false;
  reckon(fifo, bytes);
  return true;
}

void Intake::reckon(int fifo, std::size_t dropped) {
  Loss& loss = losses_[fifo];
  if (loss.bytes == 0) loss.since = Clock::now();
  loss.bytes += dropped;
  if (fifo == shown_last_) dropped_since_ += dropped;
  lossy_.store(true, std::memory_order_release);
}

void Intake::credit(int fifo, std::size_t bytes) {
  const auto found = losses_.find(fifo);
  if (found == losses_.end()) return;
  found->second.bytes -= std::min(bytes, found->second.bytes);
  if (found->second.bytes == 0) losses_.erase(found);
  lossy_.store(!losses_.empty(), std::memory_order_release);
}

Intake::Loss Intake::loss_of(int fifo) {
  const std::scoped_lock lock{mutex_};
  const auto found = losses_.find(fifo);
  return found == losses_.end() ? Loss{} : found->second;
}

void Intake::told(int fifo, std::size_t bytes) {
  const std::scoped_lock lock{mutex_};
  credit(fifo, bytes);
}

void Intake::forget(int fifo) {
  const std::scoped_lock lock{mutex_};
  losses_.erase(fifo);
  lossy_.store(!losses_.empty(), std::memory_order_release);
  if (shown_last_ == fifo) shown_last_ = -1;
}

}  // namespace simplevisor::runtime
