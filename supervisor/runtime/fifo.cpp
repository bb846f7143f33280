// supervisor/runtime/fifo.cpp
#include "supervisor/runtime/fifo.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <limits>

namespace simplevisor::runtime {

namespace {

// NAME_MAX is 255; ".log." and the number of a rotated file follow.
constexpr std::size_t name_bytes_max = 200;

bool stands_for_itself(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

__extension__ using Wide = unsigned __int128;

// FNV-1a with 128 bits: the same for ever and everywhere, because file names outlive the program. Paths come
// from the administrator, not from an adversary in search of collisions.
std::string hash_of(std::string_view text) {
  constexpr Wide prime = (Wide{1} << 88) + 0x13b;
  Wide hash = (Wide{0x6c62272e07bb0142} << 64) + 0x62b821756295c58d;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * prime;
  return fmt::format("{:016x}{:016x}", static_cast<std::uint64_t>(hash >> 64),
                     static_cast<std::uint64_t>(hash));
}

}  // namespace

std::string file_name_of(std::string_view node) {
  std::string name;
  name.reserve(node.size());
  for (const char c : node) {
    if (c == '/') {
      name += '.';
    } else if (stands_for_itself(c)) {
      name += c;
    } else {
      fmt::format_to(std::back_inserter(name), "%{:02x}", static_cast<unsigned char>(c));
    }
  }
  if (name.size() <= name_bytes_max) return name;
  const std::string hash = hash_of(node);
  name.resize(name_bytes_max - 1 - hash.size());
  return name + '~' + hash;
}

StorageResult<UniqueFd> open_fifo(const CaptureCalls& calls, int dir, const std::string& name,
                                  std::optional<FileOwner> owner, std::size_t pipe_bytes) {
  if (calls.mkfifoat(dir, name.c_str(), 0600) != 0 && errno != EEXIST) {
    return system_failure("make the FIFO " + name, errno);
  }
  UniqueFd fifo{calls.openat(dir, name.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW, 0)};
  if (!fifo) return system_failure("open the FIFO " + name, errno);
  struct stat is{};
  if (::fstat(fifo.get(), &is) != 0) return system_failure("look at the FIFO " + name, errno);
  if (!S_ISFIFO(is.st_mode)) {
    return storage_failure(StorageError::Code::bad_name,
                           "cannot make the FIFO " + name + ": no FIFO has that name");
  }
  // Set by hand: the umask may have taken bits away, and an earlier FIFO may have been another user's.
  if ((is.st_mode & 07777) != 0600 && ::fchmod(fifo.get(), 0600) != 0) {
    return system_failure("set the mode of the FIFO " + name, errno);
  }
  if (owner && (is.st_uid != owner->user || is.st_gid != owner->group) &&
      ::fchown(fifo.get(), owner->user, owner->group) != 0) {
    const char* const hint = errno == EPERM ? " (workers of another user need a supervisor run by root)" : "";
    return system_failure("give the FIFO " + name + " to its worker's user" + hint, errno);
  }
  if (pipe_bytes > 0) {
    // A wish: refused beyond /proc/sys/fs/pipe-max-size, and then the FIFO works as it is.
    constexpr std::size_t most = std::numeric_limits<int>::max();
    (void)::fcntl(fifo.get(), F_SETPIPE_SZ, static_cast<int>(std::min(pipe_bytes, most)));
  }
  return fifo;
}

bool open_elsewhere(int dir, const std::string& name) {
  // Only a reader lets a writer in, and whoever has it for both is one.
  return UniqueFd{::openat(dir, name.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW)}.get() >= 0;
}

std::size_t bytes_waiting(int fifo) {
  int bytes = 0;
  if (::ioctl(fifo, FIONREAD, &bytes) != 0) return 0;
  return static_cast<std::size_t>(std::max(bytes, 0));
}

bool is_full(int fifo) {
  pollfd entry{.fd = fifo, .events = POLLOUT, .revents = 0};
  return ::poll(&entry, 1, 0) == 0;
}

int FifoPeek::make() {
  if (read_end_) return 0;
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) return errno;
  read_end_.reset(ends[0]);
  write_end_.reset(ends[1]);
  return 0;
}

std::expected<std::string_view, int> FifoPeek::look(int fifo) {
  const auto shown = show(fifo, bytes_max);
  if (!shown) return std::unexpected(shown.error());
  return read(*shown);
}

std::expected<std::size_t, int> FifoPeek::show(int fifo, std::size_t bytes) {
  if (const int error = make()) return std::unexpected(error);
  const ssize_t shown = ::tee(fifo, write_end_.get(), std::min(bytes, bytes_max), SPLICE_F_NONBLOCK);
  if (shown < 0 && errno == EAGAIN) return 0;
  if (shown < 0) return std::unexpected(errno);
  return static_cast<std::size_t>(shown);
}

std::expected<std::string_view, int> FifoPeek::read(std::size_t shown) {
  if (!bytes_) bytes_ = std::make_unique_for_overwrite<char[]>(bytes_max);
  std::size_t have = 0;
  while (have < shown) {
    const ssize_t got = ::read(read_end_.get(), bytes_.get() + have, shown - have);
    if (got <= 0) {
      // Not to be expected of a pipe of our own.
      const int error = got < 0 ? errno : EIO;
      clear();
      return std::unexpected(error);
    }
    have += static_cast<std::size_t>(got);
  }
  return std::string_view{bytes_.get(), have};
}

// What is left in the pipe must not be taken for what is shown next.
void FifoPeek::clear() {
  read_end_.reset();
  write_end_.reset();
}

}  // namespace simplevisor::runtime
