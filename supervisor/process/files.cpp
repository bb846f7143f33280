#include "supervisor/process/files.hpp"

#include <fcntl.h>
#include <sys/syscall.h>

#include <algorithm>
#include <cerrno>

namespace simplevisor::process {

std::expected<std::string, int> read_file(const Syscalls& syscalls, const std::string& path,
                                          std::size_t bytes_max) {
  const long fd = syscalls(SYS_openat, AT_FDCWD, path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return std::unexpected(errno);
  std::string text;
  int error = 0;
  while (text.size() < bytes_max) {
    const std::size_t have = text.size();
    text.resize(std::min(bytes_max, have + 16 * 1024));
    const long got = syscalls(SYS_read, fd, text.data() + have, text.size() - have);
    text.resize(have + static_cast<std::size_t>(std::max(got, 0L)));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) error = errno;
    if (got <= 0) break;
  }
  syscalls(SYS_close, fd);
  if (error != 0) return std::unexpected(error);
  return text;
}

std::expected<void, int> write_file(const Syscalls& syscalls, const std::string& path,
                                    std::string_view text) {
  const long fd = syscalls(SYS_openat, AT_FDCWD, path.c_str(), O_WRONLY | O_CLOEXEC);
  if (fd < 0) return std::unexpected(errno);
  const long written = syscalls(SYS_write, fd, text.data(), text.size());
  const int error = written < 0 ? errno : 0;
  syscalls(SYS_close, fd);
  if (error != 0) return std::unexpected(error);
  return {};
}

}  // namespace simplevisor::process
