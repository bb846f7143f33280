#include "supervisor/control/unix_socket.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

namespace simplevisor::control {
namespace {

std::unexpected<std::error_code> failure(int error) {
  return std::unexpected(std::error_code(error, std::generic_category()));
}

struct Address {
  sockaddr_un name{};
  Fd directory;  // keeps a /proc/self/fd address valid
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&name); }
};

std::expected<Address, std::error_code> address_of(const std::string& path) {
  // A NUL would cut the path, or (first) name the abstract namespace, which no file mode protects.
  if (path.empty() || path.find('\0') != std::string::npos) return failure(EINVAL);
  Address address;
  address.name.sun_family = AF_UNIX;
  std::string name = path;
  if (name.size() >= sizeof address.name.sun_path) {
    const std::filesystem::path whole(path);
    address.directory = Fd(::open(whole.parent_path().c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!address.directory) return failure(errno);
    name = "/proc/self/fd/" + std::to_string(address.directory.get()) + "/" + whole.filename().string();
    if (name.size() >= sizeof address.name.sun_path) return failure(ENAMETOOLONG);
  }
  std::memcpy(address.name.sun_path, name.c_str(), name.size() + 1);
  return address;
}

}  // namespace

std::expected<Fd, std::error_code> listen_on(const std::string& path, int backlog) {
  auto address = address_of(path);
  if (!address) return std::unexpected(address.error());
  Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd) return failure(errno);
  // Linux gives the socket file the mode of the socket, less the umask: no moment at which others could
  // connect, and no change of the umask, which belongs to the whole process.
  if (::fchmod(fd.get(), 0600) != 0) return failure(errno);
  if (::bind(fd.get(), address->get(), sizeof address->name) != 0) return failure(errno);
  if (::listen(fd.get(), backlog) != 0) {
    const int error = errno;
    ::unlink(path.c_str());
    return failure(error);
  }
  return fd;
}

std::expected<Fd, std::error_code> connect_to(const std::string& path,
                                              std::optional<std::chrono::milliseconds> timeout) {
  auto address = address_of(path);
  if (!address) return std::unexpected(address.error());
  Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!fd) return failure(errno);
  if (timeout) {
    // A zero timeval means "no limit".
    const auto microseconds = std::max<std::int64_t>(1, std::chrono::microseconds(*timeout).count());
    const timeval limit{.tv_sec = microseconds / 1'000'000, .tv_usec = microseconds % 1'000'000};
    if (::setsockopt(fd.get(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit) != 0) return failure(errno);
  }
  // Interrupted, a connect of a unix socket has not begun: it may simply be made again.
  while (::connect(fd.get(), address->get(), sizeof address->name) != 0) {
    if (errno == EAGAIN) return failure(ETIMEDOUT);
    if (errno != EINTR) return failure(errno);
  }
  return fd;
}

std::expected<void, std::error_code> open_to_all(const std::string& path) {
  auto address = address_of(path);
  if (!address) return std::unexpected(address.error());
  if (::chmod(address->name.sun_path, 0666) != 0) return failure(errno);
  return {};
}

std::vector<gid_t> groups_of(int fd) {
  std::vector<gid_t> groups(64);
  for (;;) {
    auto size = static_cast<socklen_t>(groups.size() * sizeof(gid_t));
    const bool known = ::getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups.data(), &size) == 0;
    if (!known && errno != ERANGE) groups.clear();
    groups.resize(known || errno == ERANGE ? size / sizeof(gid_t) : 0);
    if (known || errno != ERANGE) break;
  }
  if (const auto peer = peer_of(fd)) groups.push_back(peer->gid);
  return groups;
}

std::expected<ucred, std::error_code> peer_of(int fd) {
  ucred peer{};
  socklen_t size = sizeof peer;
  if (::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return failure(errno);
  return peer;
}

}  // namespace simplevisor::control
