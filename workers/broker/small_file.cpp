#include "workers/broker/small_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <string_view>
#include <system_error>

namespace simplevisor::broker {
namespace {

class Descriptor {
 public:
  // Non-blocking, so that a FIFO put in the file's place cannot hold us.
  explicit Descriptor(const std::string& path)
      : fd_{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)} {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  [[nodiscard]] int get() const { return fd_; }

 private:
  int fd_;
};

std::string_view trimmed(std::string_view line) {
  constexpr std::string_view blanks = " \t\r";
  const std::size_t begin = line.find_first_not_of(blanks);
  if (begin == std::string_view::npos) return {};
  return line.substr(begin, line.find_last_not_of(blanks) - begin + 1);
}

}  // namespace

Result<std::vector<std::string>> meaningful_lines(const std::string& path, const char* what,
                                                  std::size_t bytes_max) {
  const auto failed = [&](int error) {
    return misconfigured(
        fmt::format("{} file \"{}\": {}", what, path, std::generic_category().message(error)));
  };
  const Descriptor file{path};
  if (file.get() < 0) return failed(errno);
  std::string content(bytes_max + 1, '\0');
  std::size_t size = 0;
  while (size < content.size()) {
    const ssize_t got = ::read(file.get(), content.data() + size, content.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return failed(errno);
    if (got == 0) break;
    size += static_cast<std::size_t>(got);
  }
  if (size > bytes_max) {
    return misconfigured(fmt::format("{} file \"{}\" is larger than {} bytes", what, path, bytes_max));
  }
  content.resize(size);

  std::vector<std::string> lines;
  for (std::size_t begin = 0; begin < content.size();) {
    const std::size_t end = std::min(content.find('\n', begin), content.size());
    const std::string_view line = trimmed(std::string_view{content}.substr(begin, end - begin));
    if (!line.empty() && line.front() != '#') lines.emplace_back(line);
    begin = end + 1;
  }
  return lines;
}

}  // namespace simplevisor::broker
