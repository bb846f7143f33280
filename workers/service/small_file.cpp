#include "workers/service/small_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "workers/service/file_descriptor.hpp"

namespace simplevisor::service {

std::expected<std::string, std::string> read_small_file(const std::string& path, std::size_t bytes_max) {
  constexpr std::size_t piece = 16'384;
  const FileDescriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK)};
  if (!file) return std::unexpected(std::strerror(errno));
  std::string content;
  for (std::size_t size = 0;;) {
    content.resize(std::min(size + piece, bytes_max + 1));
    const ssize_t got = ::read(file.get(), content.data() + size, content.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return std::unexpected(std::strerror(errno));
    size += static_cast<std::size_t>(got);
    if (size > bytes_max) return std::unexpected(fmt::format("longer than {} bytes", bytes_max));
    if (got == 0) {
      content.resize(size);
      return content;
    }
  }
}

}  // namespace simplevisor::service
