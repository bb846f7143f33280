// supervisor/health/notify_socket.hpp
//
// The datagram socket a worker sends its sd_notify messages to.
//
// Semantics  A path rather than an abstract name: it has an owner and a mode, and works from other network
//            namespaces. Mode 0600, owned by the worker's user, from its first moment. A message counts if
//            its sender (SO_PASSCRED) is the worker, in the worker's session, or descends from it;
//            everything else is dropped and counted. Descriptors that come along are closed, which is what
//            BARRIER=1 waits for.
// Limits     a datagram of more than `datagram_bytes_max` is dropped and counted.
// Errors     open(): one line that names the path.
// Threads    one.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "supervisor/health/notify_message.hpp"
#include "supervisor/process/error.hpp"
#include "supervisor/process/syscalls.hpp"

namespace simplevisor::health {

class NotifySocket {
 public:
  static constexpr std::size_t datagram_bytes_max = 4096;

  // Replaces what is at `path` (at most 107 bytes). `owner`: the worker's uid, if it is not ours.
  [[nodiscard]] static process::Result<NotifySocket> open(
      std::string path, std::optional<uid_t> owner = {},
      const process::Syscalls& syscalls = process::real_syscalls());
  NotifySocket(NotifySocket&& other) noexcept;
  NotifySocket& operator=(NotifySocket&& other) noexcept;
  ~NotifySocket();  // closes and removes the path

  [[nodiscard]] int fd() const { return fd_; }  // readable when there may be a message
  [[nodiscard]] const std::string& path() const { return path_; }

  struct Received {
    enum class Kind : std::uint8_t { nothing_left, dropped, message } kind = Kind::nothing_left;
    NotifyMessage message{};
  };
  // The next datagram, without waiting. `worker`: the pid whose messages count.
  [[nodiscard]] Received receive(pid_t worker);

  [[nodiscard]] std::uint64_t dropped() const { return dropped_; }

 private:
  NotifySocket(const process::Syscalls& syscalls, int fd, std::string path);

  const process::Syscalls* syscalls_;
  int fd_;
  std::string path_;
  ino_t inode_ = 0;  // of the path; 0: not bound yet
  std::uint64_t dropped_ = 0;
};

// Whether `pid` is `worker`, in its session, or descends from it.
[[nodiscard]] bool belongs_to(pid_t pid, pid_t worker);

}  // namespace simplevisor::health
