#include "supervisor/runtime/logs/log_source.hpp"

#include <fcntl.h>
#include <sys/stat.h>

namespace simplevisor::runtime::logs {
namespace {

constexpr unsigned wanted = STATX_TYPE | STATX_INO | STATX_SIZE | STATX_MTIME | STATX_BTIME;

std::string numbered(const std::string& log_path, unsigned number) {
  return number == 0 ? log_path : log_path + "." + std::to_string(number);
}

FileId id_in(const struct statx& is) {
  return {is.stx_ino, is.stx_btime.tv_sec * 1'000'000'000 + is.stx_btime.tv_nsec};
}

LogSource open_file(const std::string& path) {
  LogSource source;
  // O_NONBLOCK: should the name stand for a FIFO, opening it must not wait.
  UniqueFd file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
  struct statx is{};
  if (!file || ::statx(file.get(), "", AT_EMPTY_PATH, wanted, &is) != 0 || !S_ISREG(is.stx_mode))
    return source;
  source.file = std::move(file);
  source.id = id_in(is);
  source.bytes = is.stx_size;
  source.changed = LogTime{std::chrono::seconds{is.stx_mtime.tv_sec} +
                           std::chrono::milliseconds{is.stx_mtime.tv_nsec / 1'000'000}};
  return source;
}

}  // namespace

LogSource open_source(const std::string& log_path, unsigned number) {
  const std::string path = numbered(log_path, number);
  LogSource source = open_file(path);
  if (source || number == 0) return source;
  source = open_file(path + ".gz");
  source.compressed = true;
  return source;
}

FileId id_of(const std::string& log_path, unsigned number) {
  struct statx is{};
  if (::statx(AT_FDCWD, numbered(log_path, number).c_str(), 0, wanted, &is) != 0) return {};
  return id_in(is);
}

}  // namespace simplevisor::runtime::logs
