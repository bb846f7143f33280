#include "workers/consumer/memory_file.hpp"

#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace simplevisor::consumer {
namespace {

std::unexpected<std::error_code> last_error() {
  return std::unexpected(std::error_code{errno, std::system_category()});
}

}  // namespace

std::expected<MemoryFile, std::error_code> MemoryFile::with(std::string_view content) {
  MemoryFile file{::memfd_create("simplevisor-message", MFD_CLOEXEC)};
  if (file.descriptor_ < 0) return last_error();
  std::size_t at = 0;
  while (at < content.size()) {
    const ssize_t written =
        ::pwrite(file.descriptor_, content.data() + at, content.size() - at, static_cast<off_t>(at));
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return last_error();
    at += static_cast<std::size_t>(written);
  }
  return file;
}

MemoryFile::MemoryFile(MemoryFile&& other) noexcept : descriptor_{std::exchange(other.descriptor_, -1)} {}

MemoryFile& MemoryFile::operator=(MemoryFile&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  return *this;
}

MemoryFile::~MemoryFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

std::string MemoryFile::path() const {
  return fmt::format("/proc/{}/fd/{}", ::getpid(), descriptor_);
}

}  // namespace simplevisor::consumer
