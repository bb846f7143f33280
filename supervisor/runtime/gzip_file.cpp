#include "supervisor/runtime/gzip_file.hpp"

#include <fcntl.h>
#include <unistd.h>
#include <zlib.h>

#include <cerrno>
#include <memory>

namespace simplevisor::runtime {
namespace {

constexpr std::size_t block_bytes = std::size_t{64} << 10;

// What zlib says, as an errno.
int error_of(gzFile file) {
  int code = Z_OK;
  ::gzerror(file, &code);
  return code == Z_ERRNO && errno != 0 ? errno : EIO;
}

int copy(int from, gzFile file, const std::function<bool()>& go_on) {
  const auto block = std::make_unique_for_overwrite<char[]>(block_bytes);
  for (;;) {
    const ssize_t got = ::read(from, block.get(), block_bytes);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return got < 0 ? errno : 0;
    if (::gzwrite(file, block.get(), static_cast<unsigned>(got)) != got) return error_of(file);
    if (!go_on()) return ECANCELED;
  }
}

}  // namespace

int gzip_file(int from, int to, const std::function<bool()>& go_on) {
  const int own = ::fcntl(to, F_DUPFD_CLOEXEC, 0);
  if (own < 0) return errno;
  const gzFile file = ::gzdopen(own, "wb6");
  if (file == nullptr) {
    ::close(own);
    return ENOMEM;
  }
  int error = copy(from, file, go_on);
  errno = 0;
  const int closed = ::gzclose_w(file);
  if (error == 0 && closed != Z_OK) error = closed == Z_ERRNO && errno != 0 ? errno : EIO;
  if (error == 0 && ::fsync(to) != 0) error = errno;
  return error;
}

}  // namespace simplevisor::runtime
