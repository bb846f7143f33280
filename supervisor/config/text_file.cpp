// supervisor/config/text_file.cpp
#include "supervisor/config/text_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

namespace simplevisor::config {
namespace {

std::unexpected<std::string> unreadable(int error) {
  return std::unexpected(fmt::format("cannot be read: {}", std::generic_category().message(error)));
}

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_{fd} {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  [[nodiscard]] int get() const { return fd_; }

 private:
  int fd_;
};

}  // namespace

std::expected<std::string, std::string> read_text_file(const std::string& path, std::size_t bytes_max,
                                                       FileIdentity* identity) {
  // O_NONBLOCK: opening a FIFO must not wait for its writer.
  const Descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK)};
  if (file.get() < 0) return unreadable(errno);
  struct stat status{};
  if (::fstat(file.get(), &status) != 0) return unreadable(errno);
  if (!S_ISREG(status.st_mode)) return std::unexpected("cannot be read: not a regular file");
  if (identity != nullptr) *identity = {status.st_dev, status.st_ino};

  // One byte more than allowed tells a file that is too large, also one that grows while it is read.
  const auto too_large = [&] { return std::unexpected(fmt::format("larger than {} bytes", bytes_max)); };
  if (static_cast<std::size_t>(status.st_size) > bytes_max) return too_large();
  std::string text(static_cast<std::size_t>(status.st_size) + 1, '\0');
  std::size_t filled = 0;
  while (true) {
    if (filled == text.size()) {
      if (filled > bytes_max) return too_large();
      text.resize(std::min(2 * filled, bytes_max + 1));
    }
    const ssize_t got = ::read(file.get(), text.data() + filled, text.size() - filled);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return unreadable(errno);
    if (got == 0) break;
    filled += static_cast<std::size_t>(got);
  }
  text.resize(filled);
  return text;
}

}  // namespace simplevisor::config
