// tests/control/raw_client.hpp
//
// A client that says any bytes, for what a well-behaved one never does. Reads give up after 20 s.
#pragma once

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "supervisor/control/server.hpp"
#include "supervisor/control/unix_socket.hpp"

namespace simplevisor::testing {

class RawClient {
 public:
  explicit RawClient(const std::string& path) {
    auto fd = control::connect_to(path, std::chrono::milliseconds(20'000));
    EXPECT_TRUE(fd) << fd.error().message();
    if (fd) fd_ = *std::move(fd);
    const timeval limit{.tv_sec = 20, .tv_usec = 0};
    ::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  }
  // False when the server does not listen any more.
  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }
  void end_of_sending() { ::shutdown(fd_.get(), SHUT_WR); }
  void hang_up() { fd_.reset(); }

  // What came since; "" once the server has closed.
  std::string read_some() {
    if (received_.empty()) receive();
    return std::exchange(received_, {});
  }
  // Without reading. False: not within 20 s.
  bool wait_for_hangup() {
    pollfd entry{.fd = fd_.get(), .events = 0, .revents = 0};
    return ::poll(&entry, 1, 20'000) == 1 && (entry.revents & POLLHUP) != 0;
  }
  // Everything until the server closes.
  std::string rest() {
    while (receive()) {
    }
    return std::exchange(received_, {});
  }
  // One response with a Content-Length.
  std::string response() {
    std::size_t head = 0;
    while ((head = received_.find("\r\n\r\n")) == std::string::npos) {
      if (!receive()) return std::exchange(received_, {});
    }
    const std::size_t at = received_.find("Content-Length: ");
    const std::size_t size = head + 4 + std::stoul(received_.substr(at + 16));
    while (received_.size() < size) {
      if (!receive()) return std::exchange(received_, {});
    }
    const std::string whole = received_.substr(0, size);
    received_.erase(0, size);
    return whole;
  }

 private:
  bool receive() {
    std::array<char, 4096> chunk{};
    const ssize_t count = ::recv(fd_.get(), chunk.data(), chunk.size(), 0);
    EXPECT_FALSE(count < 0 && errno == EAGAIN) << "the server said nothing for 20 s";
    if (count <= 0) return false;
    received_.append(chunk.data(), static_cast<std::size_t>(count));
    return true;
  }
  control::Fd fd_;
  std::string received_;
};

inline std::unique_ptr<control::Server> open_server(runtime::Service& service, const std::string& path,
                                                    const control::Limits& limits = {}) {
  auto server = control::Server::open(service, {.socket_path = path, .limits = limits});
  EXPECT_TRUE(server) << server.error().message;
  return server ? *std::move(server) : nullptr;
}

}  // namespace simplevisor::testing
