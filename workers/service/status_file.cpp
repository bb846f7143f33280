#include "workers/service/status_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <utility>

#include "workers/service/report.hpp"

namespace simplevisor::service {
namespace {

bool write_all(const std::string& path, std::string_view content) {
  // Of an earlier life, or whatever else somebody has put there: a FIFO would hold us up.
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) return false;
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
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

constexpr std::string_view placeholder = "{instance}";

std::string with_instance(std::string path) {
  const char* const said =
      std::getenv("SIMPLEVISOR_INSTANCE");  // NOLINT(concurrency-mt-unsafe): before any thread
  const std::string_view instance = said == nullptr ? "0" : said;
  for (std::size_t at = 0; (at = path.find(placeholder, at)) != std::string::npos; at += instance.size())
    path.replace(at, placeholder.size(), instance);
  return path;
}

}  // namespace

StatusFile::StatusFile(std::string path) : path_{with_instance(std::move(path))} {}

void StatusFile::write(std::string_view content) {
  if (path_.empty()) return;
  const std::string unfinished = path_ + ".new";
  if (write_all(unfinished, content) && std::rename(unfinished.c_str(), path_.c_str()) == 0) {
    complained_ = false;
    return;
  }
  const int error = errno;
  ::unlink(unfinished.c_str());
  if (!std::exchange(complained_, true)) warn("status file {}: {}", path_, std::strerror(error));
}

}  // namespace simplevisor::service
