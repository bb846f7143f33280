#include "supervisor/runtime/datagram_sinks.hpp"

#include <fcntl.h>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "supervisor/runtime/unique_fd.hpp"

namespace simplevisor::runtime {
namespace {

class DatagramSocket {
 public:
  DatagramSocket(std::string path, int send_buffer_bytes)
      : path_(std::move(path)), buffer_(send_buffer_bytes) {}

  // 0 or an errno.
  int send(std::string_view message, bool may_be_memfd) {
    if (!socket_) {
      if (const int error = connect()) return error;
    }
    if (::send(socket_.get(), message.data(), message.size(), MSG_DONTWAIT | MSG_NOSIGNAL) >= 0) return 0;
    int error = errno;
    // ENOBUFS is what a socket says whose buffer is smaller than the message.
    if (may_be_memfd && (error == EMSGSIZE || error == ENOBUFS)) error = send_memfd(message);
    if (error != 0 && error != EAGAIN) socket_.reset();
    return error;
  }

 private:
  int connect() {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path_.size() >= sizeof address.sun_path) return ENAMETOOLONG;
    std::memcpy(address.sun_path, path_.data(), path_.size());
    UniqueFd fd{::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
    if (!fd) return errno;
    if (buffer_ > 0) ::setsockopt(fd.get(), SOL_SOCKET, SO_SNDBUF, &buffer_, sizeof buffer_);
    const void* const generic = &address;
    if (::connect(fd.get(), static_cast<const sockaddr*>(generic), sizeof address) != 0) return errno;
    socket_ = std::move(fd);
    return 0;
  }

  int send_memfd(std::string_view message) const {
    const UniqueFd memory{::memfd_create("simplevisor-line", MFD_CLOEXEC | MFD_ALLOW_SEALING)};
    if (!memory) return errno;
    for (std::size_t written = 0; written < message.size();) {
      const ssize_t count = ::write(memory.get(), message.data() + written, message.size() - written);
      if (count <= 0) return count < 0 ? errno : EIO;
      written += static_cast<std::size_t>(count);
    }
    // The journal takes only what cannot change any more.
    if (::fcntl(memory.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) != 0)
      return errno;
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
    msghdr header{};
    header.msg_control = control;
    header.msg_controllen = sizeof control;
    cmsghdr* const attached = CMSG_FIRSTHDR(&header);
    attached->cmsg_level = SOL_SOCKET;
    attached->cmsg_type = SCM_RIGHTS;
    attached->cmsg_len = CMSG_LEN(sizeof(int));
    const int fd = memory.get();
    std::memcpy(CMSG_DATA(attached), &fd, sizeof fd);
    return ::sendmsg(socket_.get(), &header, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0 ? 0 : errno;
  }

  std::string path_;
  int buffer_;
  UniqueFd socket_;
};

// Each line is a message; `compose` writes it.
class DatagramSink : public LineSink {
 public:
  DatagramSink(std::string path, int send_buffer_bytes, bool may_be_memfd)
      : socket_(std::move(path), send_buffer_bytes), may_be_memfd_(may_be_memfd) {}

  Written write(std::span<const WorkerLine> lines, const LineOrigin& origin) override {
    Written written;
    for (const WorkerLine& line : lines) {
      message_.clear();
      compose(message_, origin, line);
      written.error = socket_.send(message_, may_be_memfd_);
      if (written.error != 0) return written;
      ++written.lines;
    }
    return written;
  }

 private:
  virtual void compose(std::string& message, const LineOrigin& origin, const WorkerLine& line) const = 0;

  DatagramSocket socket_;
  bool may_be_memfd_;
  std::string message_;
};

class JournalSink final : public DatagramSink {
 public:
  JournalSink(std::string path, int send_buffer_bytes)
      : DatagramSink(std::move(path), send_buffer_bytes, true) {}

 private:
  void compose(std::string& message, const LineOrigin& origin, const WorkerLine& line) const override {
    // No value has an end of line in it: lines have none, and paths neither.
    fmt::format_to(std::back_inserter(message),
                   "PRIORITY=6\nSYSLOG_IDENTIFIER={0}\nSIMPLEVISOR_PATH={0}\nSIMPLEVISOR_LIFE={1}\n"
                   "SIMPLEVISOR_STREAM={2}\n{3}MESSAGE=",
                   origin.path, origin.life, name_of(origin.stream),
                   line.partial ? "SIMPLEVISOR_PARTIAL=1\n" : "");
    message += line.text;
    message += '\n';
  }
};

class SyslogSink final : public DatagramSink {
 public:
  explicit SyslogSink(std::string path) : DatagramSink(std::move(path), 0, false) {}

 private:
  void compose(std::string& message, const LineOrigin& origin, const WorkerLine& line) const override {
    const time_t seconds = std::chrono::floor<std::chrono::seconds>(origin.time).time_since_epoch().count();
    tm here{};
    ::localtime_r(&seconds, &here);
    // daemon.info
    fmt::format_to(std::back_inserter(message), "<30>{:%b %e %H:%M:%S} {}[{}]: ", here, origin.path,
                   name_of(origin.stream));
    message += line.text;
  }
};

}  // namespace

std::unique_ptr<LineSink> make_journal_sink(std::string socket_path, int send_buffer_bytes) {
  return std::make_unique<JournalSink>(std::move(socket_path), send_buffer_bytes);
}

std::unique_ptr<LineSink> make_syslog_sink(std::string socket_path) {
  return std::make_unique<SyslogSink>(std::move(socket_path));
}

}  // namespace simplevisor::runtime
