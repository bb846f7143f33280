#include "workers/service/pid_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstring>
#include <ctime>
#include <string_view>
#include <utility>

#include "workers/service/file_descriptor.hpp"

namespace simplevisor::service {
namespace {

constexpr std::time_t touched_within = 60;  // seconds

struct Content {
  pid_t pid = 0;  // 0: empty or no number
  bool quit = false;
  bool empty = false;
};

Content parse(std::string_view text) {
  Content content;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), content.pid);
  const auto used = static_cast<std::size_t>(end - text.data());
  if (error != std::errc{} || content.pid <= 0 || (used < text.size() && text[used] != '\n')) return {};
  text.remove_prefix(used);
  content.quit = text.starts_with("\nquit") && (text.size() == 5 || text[5] == '\n');
  return content;
}

// The file may be on a filesystem that knows no locks; then reading a line that is written at once must do.
Content content_of(int fd) {
  ::flock(fd, LOCK_SH);
  char buffer[64];
  const ssize_t got = ::pread(fd, buffer, sizeof buffer, 0);
  ::flock(fd, LOCK_UN);
  if (got == 0) return {.empty = true};
  return got > 0 ? parse({buffer, static_cast<std::size_t>(got)}) : Content{};
}

// O_NONBLOCK: somebody may have put a FIFO in its place.
FileDescriptor open_file(const std::string& path, int flags) {
  return FileDescriptor{::open(path.c_str(), flags | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW)};
}

bool write_line(int fd, std::string_view text) {
  ::flock(fd, LOCK_EX);
  const bool written = ::pwrite(fd, text.data(), text.size(), 0) == static_cast<ssize_t>(text.size());
  ::flock(fd, LOCK_UN);
  return written;
}

std::string failure(const std::string& path, std::string_view what) {
  return fmt::format("pid file {}: {}", path, what);
}

bool exists(pid_t pid) {
  return ::kill(pid, 0) == 0 || errno == EPERM;
}

bool ends_within(int process, std::chrono::milliseconds patience) {
  pollfd ended{process, POLLIN, 0};
  return ::poll(&ended, 1, static_cast<int>(patience.count())) > 0;
}

void remove_if_names(const std::string& path, pid_t pid) {
  const FileDescriptor file = open_file(path, O_RDONLY);
  if (file && content_of(file.get()).pid == pid) ::unlink(path.c_str());
}

}  // namespace

std::expected<PidFile, std::string> PidFile::create(std::string path) {
  const FileDescriptor file{::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644)};
  if (!file) {
    const int error = errno;
    if (error != EEXIST) return std::unexpected(failure(path, std::strerror(error)));
    return std::unexpected(failure(path, "exists already: is it running? (--status tells, --quit ends it)"));
  }
  const pid_t pid = ::getpid();
  if (!write_line(file.get(), fmt::format("{}\n", pid))) {
    const int error = errno;
    ::unlink(path.c_str());
    return std::unexpected(failure(path, std::strerror(error)));
  }
  return PidFile{std::move(path), pid};
}

PidFile::PidFile(PidFile&& other) noexcept
    : path_{std::move(other.path_)}, pid_{std::exchange(other.pid_, 0)} {}

PidFile::~PidFile() {
  if (pid_ != 0 && pid_ == ::getpid()) remove_if_names(path_, pid_);
}

PidFile::Word PidFile::look() const {
  const FileDescriptor file = open_file(path_, O_RDWR);
  if (!file) return Word::lost;
  const Content content = content_of(file.get());
  if (content.pid != pid_) return Word::lost;
  ::futimens(file.get(), nullptr);
  return content.quit ? Word::quit : Word::go_on;
}

PresenceReport presence_by(const std::string& path) {
  const FileDescriptor file = open_file(path, O_RDONLY);
  if (!file)
    return {Presence::no_file,
            failure(path, errno == ENOENT ? "not running: no such file" : std::strerror(errno))};
  const pid_t pid = content_of(file.get()).pid;
  if (pid == 0) return {Presence::stale, failure(path, "names no process")};
  if (!exists(pid)) return {Presence::gone, failure(path, fmt::format("process {} is gone", pid))};
  struct stat status{};
  if (::fstat(file.get(), &status) != 0) return {Presence::stale, failure(path, std::strerror(errno))};
  const std::time_t age = std::time(nullptr) - status.st_mtime;
  if (age > touched_within)
    return {Presence::stale,
            failure(path, fmt::format("process {} has not touched it for {} seconds", pid, age))};
  return {Presence::alive, fmt::format("process {} is running", pid)};
}

std::expected<std::string, std::string> quit_by(const std::string& path, std::chrono::milliseconds patience) {
  const FileDescriptor file = open_file(path, O_RDWR);
  if (!file) {
    if (errno == ENOENT) return failure(path, "not running: no such file");
    return std::unexpected(failure(path, std::strerror(errno)));
  }
  const Content content = content_of(file.get());
  // Made by a program that ended, or has not come that far, before it had written its number.
  if (content.empty) return failure(path, "not running: it is empty");
  const pid_t pid = content.pid;
  if (pid == 0) return std::unexpected(failure(path, "names no process"));
  // Held from before it is asked: whatever has this number later is not what we signal.
  const FileDescriptor process{static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))};
  if (!process) {
    remove_if_names(path, pid);
    return failure(path, fmt::format("process {} is gone", pid));
  }
  if (!write_line(file.get(), fmt::format("{}\nquit\n", pid)))
    return std::unexpected(failure(path, std::strerror(errno)));
  if (ends_within(process.get(), patience)) {
    remove_if_names(path, pid);
    return fmt::format("process {} has left", pid);
  }
  constexpr std::chrono::seconds after_signal{10};
  const bool told = ::syscall(SYS_pidfd_send_signal, process.get(), SIGTERM, nullptr, 0) == 0;
  const bool ended = told && ends_within(process.get(), after_signal);
  remove_if_names(path, pid);
  return fmt::format("process {} {}", pid, ended ? "was ended by a signal" : "does not leave");
}

}  // namespace simplevisor::service
