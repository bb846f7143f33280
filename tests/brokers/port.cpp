#include "tests/brokers/port.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstddef>
#include <cstring>
#include <random>
#include <stdexcept>
#include <string>

namespace simplevisor::test {
namespace {

bool nobody_listens(std::uint16_t number) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int on = 1;  // connections of an earlier broker that linger do not matter
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(number);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const bool free = bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  close(fd);
  return free;
}

}  // namespace

Port::Port() {
  std::random_device random;
  std::uniform_int_distribution<std::uint16_t> any(10000, 29999);
  for (int tries = 0; tries < 1000; ++tries) {
    if (claim(any(random))) return;
  }
  throw std::runtime_error("no free port between 10000 and 29999");
}

bool Port::claim(std::uint16_t number) {
  const std::string name = fmt::format("simplevisor-test-port-{}", number);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path + 1, name.data(), name.size());
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
  const int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (bind(fd, reinterpret_cast<const sockaddr*>(&address), size) != 0 || !nobody_listens(number)) {
    close(fd);
    return false;
  }
  claim_ = fd;
  number_ = number;
  return true;
}

Port::~Port() {
  close(claim_);
}

}  // namespace simplevisor::test
