#include "supervisor/runtime/log_keeper.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <memory>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "supervisor/process/background_thread.hpp"
#include "supervisor/process/give_way.hpp"
#include "supervisor/runtime/gzip_file.hpp"
#include "supervisor/runtime/unique_fd.hpp"

namespace simplevisor::runtime {
namespace {

constexpr std::string_view part_ending = ".gz-part";
constexpr unsigned first_compressed = 2;

// NAME.log.3 or NAME.log.3.gz.
struct Rotated {
  std::string log;  // NAME.log
  unsigned number = 0;
  bool compressed = false;
};

std::optional<Rotated> parse(std::string_view name) {
  Rotated rotated;
  if (name.ends_with(".gz")) {
    rotated.compressed = true;
    name.remove_suffix(3);
  }
  const std::size_t dot = name.rfind('.');
  if (dot == std::string_view::npos || !name.substr(0, dot).ends_with(".log")) return std::nullopt;
  const std::string_view digits = name.substr(dot + 1);
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), rotated.number);
  if (error != std::errc{} || end != digits.data() + digits.size() || rotated.number == 0)
    return std::nullopt;
  rotated.log = name.substr(0, dot);
  return rotated;
}

std::vector<std::string> names_in(int dir) {
  std::vector<std::string> names;
  const int own = ::openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (own < 0) return names;
  struct Close {
    void operator()(DIR* open) const { ::closedir(open); }
  };
  const std::unique_ptr<DIR, Close> open{::fdopendir(own)};
  if (!open) {
    ::close(own);
    return names;
  }
  while (const dirent* const entry = ::readdir(open.get())) names.emplace_back(entry->d_name);
  return names;
}

}  // namespace

LogKeeper::~LogKeeper() {
  ending_ = true;
  {
    const std::scoped_lock lock{mutex_};
    changed_.notify_all();
  }
  if (thread_.joinable()) thread_.join();
}

int LogKeeper::start() {
  try {
    thread_ = process::background_thread("log-keeper", [this] { run(); });
  } catch (const std::system_error& failure) {
    return failure.code().value();
  }
  return 0;
}

void LogKeeper::wake() {
  const std::scoped_lock lock{mutex_};
  woken_ = true;
  changed_.notify_all();
}

void LogKeeper::settle() {
  std::unique_lock lock{mutex_};
  changed_.wait(lock, [this] { return (!woken_ && !busy_) || ending_; });
}

void LogKeeper::run() {
  process::give_way();
  for (const std::string& name : names_in(dir_)) {
    if (name.ends_with(part_ending)) ::unlinkat(dir_, name.c_str(), 0);
  }
  std::unique_lock lock{mutex_};
  while (!ending_) {
    changed_.wait(lock, [this] { return woken_ || ending_; });
    if (ending_) return;
    woken_ = false;
    busy_ = true;
    lock.unlock();
    tend();
    lock.lock();
    busy_ = false;
    changed_.notify_all();
  }
}

void LogKeeper::tend() {
  if (options_.compress) compress_all();
  if (options_.total_bytes > 0 && !ending_) trim();
}

void LogKeeper::compress_all() {
  std::vector<Rotated> plain;
  for (const std::string& name : names_in(dir_)) {
    auto rotated = parse(name);
    if (rotated && !rotated->compressed && rotated->number >= first_compressed)
      plain.push_back(*std::move(rotated));
  }
  for (const Rotated& file : plain) {
    if (ending_) return;
    const int error = compress(file.log, file.number);
    if (error != 0 && error != ECANCELED && error != ENOENT) return report(error);
  }
  reported_ = false;
}

int LogKeeper::compress(const std::string& log, unsigned number) {
  const std::string name = fmt::format("{}.{}", log, number);
  const UniqueFd from{::openat(dir_, name.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)};
  struct stat is{};
  if (!from || ::fstat(from.get(), &is) != 0) return errno;
  if (!S_ISREG(is.st_mode)) return 0;
  const std::string part = log + std::string{part_ending};
  const UniqueFd to{
      ::openat(dir_, part.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0640)};
  if (!to) return errno;
  int error = gzip_file(from.get(), to.get(), [this] { return !ending_; });
  if (error == 0) {
    // The age of its lines, not of its form: `logs --since` and trim() go by it.
    const timespec times[2] = {is.st_atim, is.st_mtim};
    ::futimens(to.get(), times);
    error = put_in_place(part, log, is.st_ino);
  }
  if (error != 0) ::unlinkat(dir_, part.c_str(), 0);
  return error;
}

int LogKeeper::put_in_place(const std::string& part, const std::string& log, std::uint64_t inode) {
  const std::scoped_lock lock{renaming};
  // It may have been moved on meanwhile, or given up: then there is nothing to put in place.
  for (unsigned number = first_compressed;; ++number) {
    const std::string name = fmt::format("{}.{}", log, number);
    struct stat is{};
    if (::fstatat(dir_, name.c_str(), &is, AT_SYMLINK_NOFOLLOW) != 0) {
      if (::faccessat(dir_, (name + ".gz").c_str(), F_OK, AT_SYMLINK_NOFOLLOW) != 0) return ENOENT;
      continue;
    }
    if (is.st_ino != inode) continue;
    if (::renameat(dir_, part.c_str(), dir_, (name + ".gz").c_str()) != 0) return errno;
    return ::unlinkat(dir_, name.c_str(), 0) == 0 ? 0 : errno;
  }
}

void LogKeeper::trim() {
  struct Candidate {
    timespec changed{};
    std::string name;
    std::uint64_t bytes = 0;
  };
  std::vector<Candidate> rotated;
  std::uint64_t sum = 0;
  for (const std::string& name : names_in(dir_)) {
    struct stat is{};
    if (::fstatat(dir_, name.c_str(), &is, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(is.st_mode)) continue;
    sum += static_cast<std::uint64_t>(is.st_size);
    if (parse(name)) rotated.push_back({is.st_mtim, name, static_cast<std::uint64_t>(is.st_size)});
  }
  if (sum <= options_.total_bytes) return;
  std::ranges::sort(rotated, {}, [](const Candidate& file) {
    return std::pair{file.changed.tv_sec, file.changed.tv_nsec};
  });
  for (const Candidate& file : rotated) {
    if (sum <= options_.total_bytes) return;
    const std::scoped_lock lock{renaming};
    struct stat is{};
    // A rotation may have given another file this name since.
    if (::fstatat(dir_, file.name.c_str(), &is, AT_SYMLINK_NOFOLLOW) != 0 ||
        is.st_mtim.tv_sec != file.changed.tv_sec || is.st_mtim.tv_nsec != file.changed.tv_nsec)
      continue;
    if (::unlinkat(dir_, file.name.c_str(), 0) == 0) sum -= std::min(sum, file.bytes);
  }
}

void LogKeeper::report(int error) {
  if (std::exchange(reported_, true) || !options_.report) return;
  options_.report(fmt::format("old logs cannot be compressed: {}",
                              std::error_code{error, std::system_category()}.message()));
}

}  // namespace simplevisor::runtime
