// supervisor/runtime/log_sinks.cpp
#include "supervisor/runtime/log_sinks.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "supervisor/runtime/rotation.hpp"

namespace simplevisor::runtime {

void LogLineSink::sink_it_(const spdlog::details::log_msg& message) {
  if (lost_ > 0) {
    const std::string text = fmt::format("{} messages before this one could not be written", lost_);
    if (write({message.time, {}, {}, spdlog::level::warn, text})) lost_ = 0;
  }
  if (lost_ == 0 && write(message)) return;
  ++lost_;
  lost_in_all_->fetch_add(1, std::memory_order_relaxed);
}

bool LogLineSink::write(const spdlog::details::log_msg& message) {
  spdlog::memory_buf_t line;
  formatter_->format(message, line);
  return write_line({line.data(), line.size()});
}

std::size_t StderrSink::write_some(std::string_view bytes) {
  std::size_t written = 0;
  while (written < bytes.size()) {
    pollfd ready{.fd = fd_, .events = POLLOUT, .revents = 0};
    if (::poll(&ready, 1, stuck_ ? 0 : static_cast<int>(patience_.count())) <= 0) {
      stuck_ = true;
      return written;
    }
    // A pipe that is ready takes this much without waiting.
    const std::size_t piece = std::min<std::size_t>(bytes.size() - written, PIPE_BUF);
    const ssize_t got = ::write(fd_, bytes.data() + written, piece);
    if (got < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (got <= 0) return written;
    stuck_ = false;
    written += static_cast<std::size_t>(got);
  }
  return written;
}

bool StderrSink::write_line(std::string_view line) {
  if (torn_ && write_some("\n") == 0) return false;
  const std::size_t written = write_some(line);
  torn_ = written > 0 && written < line.size();
  return written == line.size();
}

StorageResult<std::shared_ptr<LogFileSink>> LogFileSink::open(const std::string& path,
                                                              std::uint64_t max_bytes, unsigned files,
                                                              LossCount lost) {
  std::shared_ptr<LogFileSink> sink{new LogFileSink{path, max_bytes, files, std::move(lost)}};
  if (const int error = sink->open_file()) return system_failure("open the log file " + path, error);
  return sink;
}

int LogFileSink::open_file() {
  UniqueFd file{::open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NONBLOCK, 0640)};
  if (!file) return errno;
  struct stat is{};
  if (::fstat(file.get(), &is) != 0) return errno;
  file_ = std::move(file);
  size_ = static_cast<std::uint64_t>(is.st_size);
  rotates_ = max_bytes_ > 0 && S_ISREG(is.st_mode);  // /dev/null must not become /dev/null.1
  return 0;
}

void LogFileSink::rotate() {
  const auto rename = [](int dir, const char* from, const char* to) {
    return ::renameat(dir, from, dir, to);
  };
  // When it cannot be rotated it grows on: to lose the bound is better than to lose the log.
  if (rotate_files(rename, AT_FDCWD, path_, files_) != 0) {
    size_ = 0;  // the next attempt after as much again
    return;
  }
  if (open_file() != 0) file_.reset();  // not to write into the rotated one; write_line tries again
}

bool LogFileSink::write_line(std::string_view line) {
  if (reopen_.exchange(false) && open_file() != 0) reopen_.store(true);
  if (file_ && rotates_ && size_ > 0 && size_ + line.size() > max_bytes_) rotate();
  if (!file_ && open_file() != 0) return false;
  std::size_t written = 0;
  while (written < line.size()) {
    const ssize_t got = ::write(file_.get(), line.data() + written, line.size() - written);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    written += static_cast<std::size_t>(got);
  }
  if (written == line.size()) {
    size_ += written;
    return true;
  }
  if (written > 0) {
    // No half lines: they would be read as whole ones. Nobody but us appends.
    const off_t end = ::lseek(file_.get(), 0, SEEK_END);
    if (end >= 0) (void)!::ftruncate(file_.get(), end - static_cast<off_t>(written));
  }
  return false;
}

}  // namespace simplevisor::runtime
