#include "workers/transfer/status_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "workers/service/report.hpp"

namespace simplevisor::transfer {
namespace {

bool write_all(const std::string& path, std::string_view content) {
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
  if (file < 0) return false;
  bool well = true;
  while (well && !content.empty()) {
    const ssize_t written = ::write(file, content.data(), content.size());
    if (written >= 0)
      content.remove_prefix(static_cast<std::size_t>(written));
    else
      well = errno == EINTR;
  }
  return ::close(file) == 0 && well;
}

}  // namespace

void StatusFile::write(std::string_view content) {
  if (path_.empty()) return;
  const std::string unfinished = path_ + ".new";
  if (write_all(unfinished, content) && std::rename(unfinished.c_str(), path_.c_str()) == 0) {
    complained_ = false;
    return;
  }
  if (!std::exchange(complained_, true)) service::report("status file {}: {}", path_, std::strerror(errno));
}

}  // namespace simplevisor::transfer
