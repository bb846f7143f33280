#include "supervisor/control/tcp_socket.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace simplevisor::control {
namespace {

struct Address {
  sockaddr_storage name{};
  socklen_t size = 0;
  sockaddr* get() { return reinterpret_cast<sockaddr*>(&name); }
  sockaddr_in& v4() { return reinterpret_cast<sockaddr_in&>(name); }
  sockaddr_in6& v6() { return reinterpret_cast<sockaddr_in6&>(name); }
};

std::expected<Address, std::error_code> address_of(const std::string& text, std::uint16_t port) {
  Address address;
  if (::inet_pton(AF_INET, text.c_str(), &address.v4().sin_addr) == 1) {
    address.name.ss_family = AF_INET;
    address.v4().sin_port = htons(port);
    address.size = sizeof(sockaddr_in);
    return address;
  }
  if (::inet_pton(AF_INET6, text.c_str(), &address.v6().sin6_addr) == 1) {
    address.name.ss_family = AF_INET6;
    address.v6().sin6_port = htons(port);
    address.size = sizeof(sockaddr_in6);
    return address;
  }
  return std::unexpected(std::make_error_code(std::errc::invalid_argument));
}

std::unexpected<std::error_code> last_error() {
  return std::unexpected(std::error_code(errno, std::generic_category()));
}

}  // namespace

std::expected<Fd, std::error_code> listen_on_tcp(const std::string& text, std::uint16_t port, int backlog) {
  auto address = address_of(text, port);
  if (!address) return std::unexpected(address.error());
  Fd fd(::socket(address->name.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd) return last_error();
  // Connections of a supervisor that ended a moment ago must not keep the next one from its port.
  const int on = 1;
  if (::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0) return last_error();
  if (::bind(fd.get(), address->get(), address->size) != 0) return last_error();
  if (::listen(fd.get(), backlog) != 0) return last_error();
  return fd;
}

std::uint16_t local_port(int fd) {
  Address address;
  address.size = sizeof address.name;
  if (::getsockname(fd, address.get(), &address.size) != 0) return 0;
  return ntohs(address.name.ss_family == AF_INET6 ? address.v6().sin6_port : address.v4().sin_port);
}

std::string remote_address(int fd) {
  Address address;
  address.size = sizeof address.name;
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (::getpeername(fd, address.get(), &address.size) != 0) return "somewhere";
  if (address.name.ss_family == AF_INET6) {
    ::inet_ntop(AF_INET6, &address.v6().sin6_addr, text.data(), text.size());
    return fmt::format("[{}]:{}", text.data(), ntohs(address.v6().sin6_port));
  }
  ::inet_ntop(AF_INET, &address.v4().sin_addr, text.data(), text.size());
  return fmt::format("{}:{}", text.data(), ntohs(address.v4().sin_port));
}

bool is_loopback(const std::string& address) {
  return address == "::1" || address.starts_with("127.");
}

}  // namespace simplevisor::control
