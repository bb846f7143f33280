#include "workers/service/sd_notify.hpp"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <charconv>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <string>

namespace simplevisor::service {
namespace {

std::string_view variable(const char* name) {
  const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): read once, by the only thread
  return value == nullptr ? std::string_view{} : std::string_view{value};
}

std::uint64_t number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc{} && end == text.data() + text.size() ? value : 0;
}

}  // namespace

Notifier::Notifier() {
  const std::string_view path = variable("NOTIFY_SOCKET");
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() < 2 || path.size() >= sizeof address.sun_path) return;
  std::memcpy(address.sun_path, path.data(), path.size());
  if (path.front() == '@') address.sun_path[0] = '\0';
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size());
  socket_ = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (socket_ >= 0 && ::connect(socket_, reinterpret_cast<const sockaddr*>(&address), size) != 0) {
    ::close(socket_);
    socket_ = -1;
  }
  const std::uint64_t allowed = number(variable("WATCHDOG_USEC"));
  const std::string_view for_whom = variable("WATCHDOG_PID");
  const bool ours = for_whom.empty() || number(for_whom) == static_cast<std::uint64_t>(::getpid());
  if (socket_ >= 0 && ours && allowed > 0) {
    const auto half =
        std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::microseconds{allowed / 2});
    alive_every_ = std::max(half, std::chrono::milliseconds{1});
  }
}

Notifier::~Notifier() {
  if (socket_ >= 0) ::close(socket_);
}

void Notifier::status(std::string_view text) {
  send(fmt::format("STATUS={}", text));
}

void Notifier::send(std::string_view assignment) {
  if (socket_ >= 0) ::send(socket_, assignment.data(), assignment.size(), MSG_NOSIGNAL);
}

}  // namespace simplevisor::service
