#include "workers/amqp/socket.hpp"

#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <system_error>

namespace simplevisor::amqp {
namespace {

std::string reason(int error) {
  return std::error_code(error, std::generic_category()).message();
}

// 0, or an errno.
int wait_for(int fd, short events, Clock::time_point deadline, int abandon_fd) {
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
    pollfd ready[2] = {{fd, events, 0}, {abandon_fd, POLLIN, 0}};
    const int count = poll(ready, 2, static_cast<int>(std::clamp<std::int64_t>(left, 0, 3'600'000)));
    if (count < 0 && errno == EINTR) continue;
    if (count == 0) return ETIMEDOUT;
    return ready[1].revents != 0 ? ECANCELED : 0;
  }
}

int finish_connecting(int fd, Clock::time_point deadline, int abandon_fd) {
  if (const int error = wait_for(fd, POLLOUT, deadline, abandon_fd); error != 0) return error;
  int error = 0;
  socklen_t size = sizeof error;
  getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
  return error;
}

std::unexpected<broker::Failure> unavailable(const std::string& host, std::uint16_t port,
                                             std::string_view why) {
  return std::unexpected(
      broker::Failure{broker::Failure::Kind::unavailable, fmt::format("{}:{}: {}", host, port, why)});
}

// The socket, or minus an errno.
int connect_one(const addrinfo& address, Clock::time_point deadline, int abandon_fd) {
  const int fd = socket(address.ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return -errno;
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
  int error = connect(fd, address.ai_addr, address.ai_addrlen) == 0 ? 0 : errno;
  if (error == EINPROGRESS) error = finish_connecting(fd, deadline, abandon_fd);
  if (error == 0) return fd;
  close(fd);
  return -error;
}

}  // namespace

broker::Result<std::unique_ptr<broker::NameLookup>> look_up(const std::string& host, std::uint16_t port,
                                                            Clock::time_point deadline, int abandon_fd) {
  auto lookup = std::make_unique<broker::NameLookup>(host, std::to_string(port));
  if (const int error = wait_for(lookup->fd(), POLLIN, deadline, abandon_fd); error != 0)
    return unavailable(host, port, fmt::format("name lookup: {}", reason(error)));
  if (const auto answer = lookup->answer(); !answer) return unavailable(host, port, answer.error());
  return lookup;
}

broker::Result<int> connect_tcp(const std::string& host, std::uint16_t port, std::chrono::milliseconds limit,
                                int abandon_fd) {
  const auto deadline = Clock::now() + limit;
  const auto lookup = look_up(host, port, deadline, abandon_fd);
  if (!lookup) return std::unexpected(lookup.error());
  int error = EADDRNOTAVAIL;
  for (const addrinfo* address = *(*lookup)->answer(); address != nullptr; address = address->ai_next) {
    const int fd = connect_one(*address, deadline, abandon_fd);
    if (fd >= 0) return fd;
    error = -fd;
    if (error == ECANCELED || error == ETIMEDOUT) break;
  }
  return unavailable(host, port, reason(error));
}

}  // namespace simplevisor::amqp
