#include "tests/monitoring/relay.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>
#include <vector>

namespace simplevisor::test {
namespace {

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

int connect_unix(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) return -1;
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return fd;
  ::close(fd);
  return -1;
}

bool send_all(int fd, const char* data, std::size_t size) {
  while (size > 0) {
    const ssize_t sent = ::send(fd, data, size, MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) return false;
    data += sent;
    size -= static_cast<std::size_t>(sent);
  }
  return true;
}

// What has come in from one side, to the other; false at its end.
bool pass_on(int from, int to) {
  std::array<char, 65536> buffer{};
  const ssize_t got = ::recv(from, buffer.data(), buffer.size(), 0);
  return got > 0 && send_all(to, buffer.data(), static_cast<std::size_t>(got));
}

}  // namespace

Relay::Relay(std::uint16_t port, std::string socket_path) : socket_path_(std::move(socket_path)) {
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int yes = 1;
  ::setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  const sockaddr_in address = loopback(port);
  if (::bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      ::listen(listener_, 16) != 0)
    throw std::system_error(errno, std::generic_category(), "relay");
  end_ = ::eventfd(0, EFD_CLOEXEC);
  thread_ = std::thread([this] { run(); });
}

Relay::~Relay() {
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto written = ::write(end_, &one, sizeof one);
  thread_.join();
  ::close(end_);
  ::close(listener_);
}

void Relay::run() const {
  std::vector<std::pair<int, int>> pairs;
  const auto close_pair = [](const std::pair<int, int>& pair) {
    ::close(pair.first);
    ::close(pair.second);
  };
  for (;;) {
    std::vector<pollfd> waits{{end_, POLLIN, 0}, {listener_, POLLIN, 0}};
    for (const auto& [tcp, local] : pairs) {
      waits.push_back({tcp, POLLIN, 0});
      waits.push_back({local, POLLIN, 0});
    }
    if (::poll(waits.data(), waits.size(), -1) < 0 && errno != EINTR) break;
    if (waits[0].revents != 0) break;
    std::vector<std::pair<int, int>> kept;
    for (std::size_t n = 0; n < pairs.size(); ++n) {
      const auto [tcp, local] = pairs[n];
      bool open = true;
      if (waits[2 + 2 * n].revents != 0) open = pass_on(tcp, local);
      if (open && waits[3 + 2 * n].revents != 0) open = pass_on(local, tcp);
      open ? kept.push_back(pairs[n]) : close_pair(pairs[n]);
    }
    pairs = std::move(kept);
    if (waits[1].revents != 0) {
      const int tcp = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      const int local = tcp < 0 ? -1 : connect_unix(socket_path_);
      if (local >= 0)
        pairs.emplace_back(tcp, local);
      else if (tcp >= 0)
        ::close(tcp);
    }
  }
  for (const auto& pair : pairs) close_pair(pair);
}

std::string http_get(std::uint16_t port, const std::string& target) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in address = loopback(port);
  // HTTP/1.0: the answer comes in one piece and ends with the connection.
  const std::string request = "GET " + target + " HTTP/1.0\r\nHost: localhost\r\n\r\n";
  std::string answer;
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 &&
      send_all(fd, request.data(), request.size())) {
    std::array<char, 65536> buffer{};
    for (ssize_t got = 0; (got = ::recv(fd, buffer.data(), buffer.size(), 0)) > 0;)
      answer.append(buffer.data(), static_cast<std::size_t>(got));
  }
  ::close(fd);
  const std::size_t body = answer.find("\r\n\r\n");
  return body == std::string::npos ? "" : answer.substr(body + 4);
}

}  // namespace simplevisor::test
