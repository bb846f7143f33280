// supervisor/runtime/log_file.cpp
#include "supervisor/runtime/log_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <limits>
#include <utility>

#include "supervisor/runtime/rotation.hpp"

namespace simplevisor::runtime {

namespace {

// A launch copies the low descriptors, and the worker's exec closes those that it does not keep. Some file systems ask their
// server at every close(2), and the launch would wait for a disk that does not answer.
constexpr int not_copied_from = 256;

UniqueFd out_of_the_launchers_way(UniqueFd file) {
  UniqueFd high{::fcntl(file.get(), F_DUPFD_CLOEXEC, not_copied_from)};
  return high ? std::move(high) : std::move(file);
}

}  // namespace

std::expected<LogFile, int> LogFile::open(LogPlace& place, std::string name, Time now) {
  LogFile log{place, std::move(name)};
  if (const int error = log.open_file()) return std::unexpected(error);
  log.looked_ = now;
  return log;
}

int LogFile::open_file() {
  // O_NONBLOCK: should the name stand for a device or a FIFO, opening it must not wait.
  UniqueFd file{
      place_->calls.openat(place_->dir, name_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0640)};
  if (!file) return errno;
  struct statx is{};
  if (::statx(file.get(), "", AT_EMPTY_PATH, STATX_BASIC_STATS | STATX_BTIME, &is) != 0) return errno;
  if (!S_ISREG(is.stx_mode)) return EINVAL;
  file_ = out_of_the_launchers_way(std::move(file));
  inode_ = is.stx_ino;
  size_ = is.stx_size;
  born_ = {};
  if ((is.stx_mask & STATX_BTIME) != 0) born_ += std::chrono::seconds{is.stx_btime.tv_sec};
  broken_ = size_ > 0;
  rotate_at_ = place_->max_bytes > 0 ? place_->max_bytes : std::numeric_limits<std::uint64_t>::max();
  overdue_bytes_ = 0;
  rotate_if_old();
  return 0;
}

void LogFile::rotate_if_old() {
  if (place_->max_age.count() == 0 || size_ == 0 || born_ == std::chrono::system_clock::time_point{}) return;
  if (std::chrono::system_clock::now() - born_ >= place_->max_age) rotate_at_ = std::min(rotate_at_, size_);
}

bool LogFile::still_there(Time now) {
  if (now - looked_ < look_interval) return true;
  looked_ = now;
  struct stat is{};
  if (::fstatat(place_->dir, name_.c_str(), &is, 0) != 0 || is.st_ino != inode_) return false;
  size_ = static_cast<std::uint64_t>(is.st_size);
  rotate_if_old();
  return true;
}

bool LogFile::ends_with_line() const {
  char last = 0;
  return ::pread(file_.get(), &last, 1, static_cast<off_t>(size_ - 1)) == 1 && last == '\n';
}

int LogFile::rotate(Poured& poured) {
  {
    std::unique_lock<std::mutex> lock;
    if (place_->renaming) lock = std::unique_lock{*place_->renaming};
    poured.rotation_error = rotate_files(place_->calls.rename, place_->dir, name_, place_->files);
  }
  if (poured.rotation_error == 0) {
    if (place_->rotated) place_->rotated();
    return open_file();
  }
  // Losing the bound is better than losing bytes; tried again when it has grown by some more.
  rotate_at_ = size_ + std::max<std::uint64_t>(place_->max_bytes / 4, place_->line_bytes_max);
  overdue_bytes_ = 0;
  return 0;
}

std::size_t LogFile::next_bytes(int fifo, Poured& poured) {
  while (size_ >= rotate_at_) {
    // Asked first: a file is rotated when there is something for the next one, so that the current file of a
    // silent worker is never empty.
    if (bytes_waiting(fifo) == 0) {
      poured.empty = true;
      return 0;
    }
    if (!ends_with_line() && overdue_bytes_ < place_->line_bytes_max) {
      const auto waiting = place_->intake->look(fifo);
      if (!waiting) {
        poured.error = waiting.error();
        return 0;
      }
      if (waiting->empty()) continue;  // dropped meanwhile
      const std::size_t line = std::min(waiting->find('\n'), waiting->size() - 1) + 1;
      return std::min(line, place_->line_bytes_max - overdue_bytes_);
    }
    poured.error = rotate(poured);
    if (poured.error != 0) return 0;
  }
  return rotate_at_ - size_;
}

std::uint64_t LogFile::room() const {
  if (size_ < rotate_at_) return rotate_at_ - size_;
  return place_->max_bytes > 0 ? place_->max_bytes : std::numeric_limits<std::uint64_t>::max();
}

int LogFile::append(std::string_view lines, Poured& poured) {
  if (size_ >= rotate_at_) {
    if (const int error = rotate(poured)) return error;
  }
  std::string mended;
  if (std::exchange(broken_, false) && !ends_with_line()) lines = mended.append(1, '\n').append(lines);
  std::size_t written = 0;
  while (written < lines.size()) {
    const ssize_t count = place_->calls.pwrite(file_.get(), lines.data() + written, lines.size() - written,
                                               static_cast<off_t>(size_ + written));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) {
      const int error = count < 0 ? errno : EIO;
      // Without what went in, so that the file ends with a whole line and all can be written again.
      if (written > 0 && ::ftruncate(file_.get(), static_cast<off_t>(size_)) != 0) broken_ = true;
      return error;
    }
    written += static_cast<std::size_t>(count);
  }
  size_ += written;
  return 0;
}

Poured LogFile::pour(int fifo, std::size_t bytes_max) {
  Poured poured;
  Intake& intake = *place_->intake;
  if (place_->note->any()) settle(fifo);
  while (poured.bytes < bytes_max) {
    const std::size_t most = next_bytes(fifo, poured);
    if (most == 0) return poured;
    const std::size_t wanted = std::min({most, bytes_max - poured.bytes, Intake::bytes_max});
    const auto shown = intake.show(fifo, wanted);
    if (!shown || *shown == 0) {
      poured.error = shown ? 0 : shown.error();
      poured.empty = poured.error == 0;
      return poured;
    }
    place_->note->begin({.inode = inode_, .offset = size_, .bytes = *shown});
    const std::size_t moved = move_shown(*shown, poured);
    const int error = moved > 0 ? intake.take(fifo, moved) : 0;
    place_->note->end();
    if (error != 0) poured.error = error;
    if (moved == 0 || error != 0) return poured;
    if (size_ >= rotate_at_) overdue_bytes_ += moved;
    size_ += moved;
    broken_ = true;
    poured.bytes += moved;
    // Less than asked for: there was no more, or the next call says what is wrong. Either way epoll brings us
    // back. What was dropped meanwhile is to be told before anything else is written.
    if (moved < wanted || intake.interrupted()) return poured;
  }
  return poured;
}

void LogFile::settle(int fifo) const {
  const auto move = place_->note->of(inode_);
  if (!move) return;
  const std::uint64_t written = move->offset < size_ ? std::min(size_ - move->offset, move->bytes) : 0;
  const auto waiting = place_->intake->look(fifo);
  if (written > 0 && waiting && waiting->size() >= written) {
    std::string in_file(written, '\0');
    const ssize_t got = ::pread(file_.get(), in_file.data(), written, static_cast<off_t>(move->offset));
    if (got == static_cast<ssize_t>(written) && waiting->starts_with(in_file))
      (void)place_->intake->take(fifo, written);
  }
  place_->note->settle();
}

std::size_t LogFile::move_shown(std::size_t shown, Poured& poured) {
  Intake& intake = *place_->intake;
  auto offset = static_cast<loff_t>(size_);
  ssize_t moved = -1;
  do {
    moved = place_->calls.splice(intake.pipe(), file_.get(), &offset, shown);
  } while (moved < 0 && errno == EINTR);
  const int error = moved < 0 ? errno : 0;
  if (moved < 0 || static_cast<std::size_t>(moved) < shown) intake.clear();
  if (error != 0 && error != EAGAIN) poured.error = error;
  if (moved > 0) return static_cast<std::size_t>(moved);
  poured.empty = poured.error == 0;
  return 0;
}

}  // namespace simplevisor::runtime
