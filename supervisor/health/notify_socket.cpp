#include "supervisor/health/notify_socket.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <string_view>
#include <utility>

#include "supervisor/process/files.hpp"

namespace simplevisor::health {

namespace {

using process::Error;
using process::Result;
using process::Syscalls;
using process::system_error;

constexpr int ancestors_max = 64;
constexpr std::size_t passed_descriptors_max = 253;  // the kernel's own bound

std::optional<pid_t> parent_of(pid_t pid) {
  const auto stat = process::read_file(process::real_syscalls(), fmt::format("/proc/{}/stat", pid), 4096);
  if (!stat) return {};
  // PID (NAME) STATE PARENT ...: the name may hold anything, parentheses too.
  const std::size_t name_end = stat->rfind(')');
  if (name_end == std::string::npos || stat->size() < name_end + 5) return {};
  pid_t parent = 0;
  const char* const begin = stat->data() + name_end + 4;
  if (std::from_chars(begin, stat->data() + stat->size(), parent).ec != std::errc{}) return {};
  return parent;
}

// What came beside the text: who sent it, and descriptors, which are closed.
pid_t take_control_data(const Syscalls& syscalls, msghdr& header) {
  pid_t sender = 0;
  for (cmsghdr* control = CMSG_FIRSTHDR(&header); control != nullptr;
       control = CMSG_NXTHDR(&header, control)) {
    if (control->cmsg_level != SOL_SOCKET) continue;
    const std::size_t bytes = control->cmsg_len - CMSG_LEN(0);
    if (control->cmsg_type == SCM_CREDENTIALS && bytes == sizeof(ucred)) {
      ucred credentials{};
      std::memcpy(&credentials, CMSG_DATA(control), sizeof credentials);
      sender = credentials.pid;
    }
    if (control->cmsg_type != SCM_RIGHTS) continue;
    for (std::size_t i = 0; i < bytes / sizeof(int); ++i) {
      int fd = -1;
      std::memcpy(&fd, CMSG_DATA(control) + i * sizeof(int), sizeof fd);
      syscalls(SYS_close, fd);
    }
  }
  return sender;
}

Error cannot(std::string_view what, const std::string& path) {
  return system_error(errno, fmt::format("cannot {} the notification socket {}", what, path));
}

}  // namespace

bool belongs_to(pid_t pid, pid_t worker) {
  if (pid <= 0 || worker <= 0) return false;
  if (pid == worker || ::getsid(pid) == worker) return true;
  for (int level = 0; level < ancestors_max && pid > 1; ++level) {
    const auto parent = parent_of(pid);
    if (!parent) return false;
    if (*parent == worker) return true;
    pid = *parent;
  }
  return false;
}

NotifySocket::NotifySocket(const Syscalls& syscalls, int fd, std::string path)
    : syscalls_(&syscalls), fd_(fd), path_(std::move(path)) {}

NotifySocket::NotifySocket(NotifySocket&& other) noexcept
    : syscalls_(other.syscalls_),
      fd_(std::exchange(other.fd_, -1)),
      path_(std::move(other.path_)),
      inode_(std::exchange(other.inode_, 0)),
      dropped_(other.dropped_) {}

NotifySocket& NotifySocket::operator=(NotifySocket&& other) noexcept {
  std::swap(syscalls_, other.syscalls_);
  std::swap(fd_, other.fd_);
  std::swap(path_, other.path_);
  std::swap(inode_, other.inode_);
  std::swap(dropped_, other.dropped_);
  return *this;
}

NotifySocket::~NotifySocket() {
  if (fd_ < 0) return;
  (*syscalls_)(SYS_close, fd_);
  // The next life of the worker may have put its own in this place already.
  struct stat status{};
  if (inode_ != 0 && ::lstat(path_.c_str(), &status) == 0 && status.st_ino == inode_) {
    (*syscalls_)(SYS_unlinkat, AT_FDCWD, path_.c_str(), 0);
  }
}

Result<NotifySocket> NotifySocket::open(std::string path, std::optional<uid_t> owner,
                                        const Syscalls& syscalls) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof address.sun_path) {
    return std::unexpected(
        Error{process::Errc::invalid,
              fmt::format("the path of the notification socket {} has {} bytes, at most {} are "
                          "possible",
                          path, path.size(), sizeof address.sun_path - 1),
              {}});
  }
  std::ranges::copy(path, address.sun_path);

  const long fd = syscalls(SYS_socket, AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return std::unexpected(cannot("make", path));
  NotifySocket socket{syscalls, static_cast<int>(fd), std::move(path)};
  const int on = 1;
  if (syscalls(SYS_setsockopt, fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof on) != 0) {
    return std::unexpected(cannot("set up", socket.path_));
  }
  // Before bind, so that the path has this mode from its first moment.
  if (syscalls(SYS_fchmod, fd, 0600) != 0) return std::unexpected(cannot("protect", socket.path_));
  syscalls(SYS_unlinkat, AT_FDCWD, address.sun_path, 0);
  if (syscalls(SYS_bind, fd, &address, sizeof address) != 0) {
    return std::unexpected(cannot("bind", socket.path_));
  }
  struct stat status{};
  if (::lstat(address.sun_path, &status) == 0) socket.inode_ = status.st_ino;
  if (owner && *owner != ::geteuid() &&
      syscalls(SYS_fchownat, AT_FDCWD, address.sun_path, *owner, ~gid_t{0}, AT_SYMLINK_NOFOLLOW) != 0) {
    return std::unexpected(cannot("give away", socket.path_));
  }
  return socket;
}

NotifySocket::Received NotifySocket::receive(pid_t worker) {
  std::array<char, datagram_bytes_max> text;
  alignas(cmsghdr)
      std::array<char, CMSG_SPACE(sizeof(ucred)) + CMSG_SPACE(passed_descriptors_max * sizeof(int))>
          control;
  iovec part{.iov_base = text.data(), .iov_len = text.size()};
  msghdr header{};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  header.msg_control = control.data();
  header.msg_controllen = control.size();

  long bytes = -1;
  do {
    bytes = (*syscalls_)(SYS_recvmsg, fd_, &header, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  } while (bytes < 0 && errno == EINTR);
  if (bytes < 0) return {};

  const pid_t sender = take_control_data(*syscalls_, header);
  if ((header.msg_flags & MSG_TRUNC) != 0 || !belongs_to(sender, worker)) {
    ++dropped_;
    return {.kind = Received::Kind::dropped};
  }
  return {.kind = Received::Kind::message,
          .message = parse_notify({text.data(), static_cast<std::size_t>(bytes)})};
}

}  // namespace simplevisor::health
