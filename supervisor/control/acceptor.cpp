#include "supervisor/control/acceptor.hpp"

#include <sys/socket.h>

#include <cerrno>

namespace simplevisor::control {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

constexpr int accepts_per_turn = 16;
constexpr std::chrono::milliseconds pause_without_descriptors{500};

}  // namespace

Acceptor::Acceptor(asio::io_context& io, Fd listener, std::function<void(Fd)> admit)
    : listener_(io, listener.release()), pause_(io), admit_(std::move(admit)) {}

void Acceptor::begin() {
  listener_.async_wait(asio::posix::stream_descriptor::wait_read, [this](error_code error) {
    if (error || closed_) return;
    for (int i = 0; i < accepts_per_turn; ++i) {
      Fd fd(::accept4(listener_.native_handle(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
      if (!fd && errno == EAGAIN) break;
      if (!fd && (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)) return pause();
      if (fd) admit_(std::move(fd));
    }
    begin();
  });
}

void Acceptor::pause() {
  pause_.expires_after(pause_without_descriptors);
  pause_.async_wait([this](error_code error) {
    if (!error && !closed_) begin();
  });
}

void Acceptor::close() {
  closed_ = true;
  error_code ignored;
  listener_.close(ignored);
  pause_.cancel();
}

}  // namespace simplevisor::control
