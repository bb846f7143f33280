// workers/dirq/store.cpp
#include "workers/dirq/store.hpp"

#include <fmt/format.h>

#include <climits>
#include <fstream>
#include <random>
#include <utility>

#include "workers/dirq/spares.hpp"

namespace simplevisor::dirq {

namespace {

constexpr std::int64_t microseconds_per_second = 1'000'000;
// What a path below TOP may need: "/DDDDDDDD/EEEEEEEEEEEEEE.lck" and the NUL.
constexpr std::size_t longest_tail = 30;

std::int64_t microseconds(const timespec& time) {
  return std::int64_t{time.tv_sec} * microseconds_per_second + time.tv_nsec / 1000;
}

// The process's umask can be read without changing it, which other threads would notice, only from here.
mode_t read_process_umask() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    unsigned value = 0;
    if (std::sscanf(line.c_str(), "Umask: %o", &value) == 1) return value;
  }
  return 022;
}

Result<void> check(const std::string& path, const Options& options) {
  if (path.empty() || path.find('\0') != std::string::npos) {
    return failed(Errc::malformed, "queue path: empty, or with a NUL in it");
  }
  if (path.size() + longest_tail > PATH_MAX) {
    return failed(Errc::malformed, fmt::format("queue path: longer than {} bytes", PATH_MAX - longest_tail));
  }
  if (options.granularity.count() < 0 || options.granularity.count() > INT32_MAX) {
    return failed(Errc::malformed,
                  fmt::format("queue {}: granularity {} s: out of range", path, options.granularity.count()));
  }
  if (options.rndhex.value_or(0) > 15) {
    return failed(Errc::malformed, fmt::format("queue {}: rndhex {}: not in 0..15", path, *options.rndhex));
  }
  if (options.umask.value_or(0) > 0777) {
    return failed(Errc::malformed, fmt::format("queue {}: umask {:o}: not in 0..777", path, *options.umask));
  }
  if (options.recycle > Spares::slots_max) {
    return failed(Errc::malformed, fmt::format("queue {}: recycle {}: more than {}", path, options.recycle,
                                               Spares::slots_max));
  }
  return {};
}

}  // namespace

Store::Store(std::string path, const Options& options)
    : path_(std::move(path)),
      options_(options),
      system_(options.system != nullptr ? *options.system : System::kernel()),
      rndhex_(options.rndhex ? *options.rndhex : std::random_device{}() & 15U) {
  if (options_.recycle > 0 && !options_.umask) process_umask_ = read_process_umask();
}

Store::~Store() {
  spares_.reset();
  close_all();
}

Result<std::shared_ptr<Store>> Store::open(std::string path, const Options& options) {
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  if (auto checked = check(path, options); !checked) return std::unexpected(std::move(checked).error());
  auto store = std::make_shared<Store>(std::move(path), options);
  if (options.create) {
    if (auto made = store->make_top(); !made) return std::unexpected(std::move(made).error());
  }
  if (auto opened = store->open_top(); !opened) return std::unexpected(std::move(opened).error());
  if (options.recycle > 0) store->spares_ = std::make_unique<Spares>(*store);
  return store;
}

Result<void> Store::make_top() {
  // Parents first. EEXIST is looked at when the queue is opened: it must be a directory. A parent that cannot
  // be made is no obstacle by itself: it may be there, on a read-only filesystem or where we may only pass.
  for (std::size_t end = path_.find('/', 1);; end = path_.find('/', end + 1)) {
    const std::string part = path_.substr(0, end);
    const int made = make_below(AT_FDCWD, part.c_str());
    if (end != std::string::npos) continue;
    if (made < 0 && made != -EEXIST) return failed("mkdir", part, -made);
    return {};
  }
}

Result<void> Store::open_top() {
  // Synchronising the directory needs a descriptor for reading; everything else works with O_PATH, and so
  // does a writer who may add to the queue but not list it.
  const int access = options_.durability == Durability::full ? O_RDONLY : O_PATH;
  const int descriptor = system_.openat(AT_FDCWD, path_.c_str(), access | O_DIRECTORY, 0);
  if (descriptor == -ENOTDIR) return failed(Errc::no_queue, fmt::format("queue {}: not a directory", path_));
  if (descriptor == -ENOENT) return failed(Errc::no_queue, fmt::format("queue {}: no such directory", path_));
  if (descriptor < 0) return failed("open", path_, -descriptor);
  struct stat status{};
  if (const int result = system_.fstat(descriptor, status); result < 0) {
    system_.close(descriptor);
    return failed("stat", path_, -result);
  }
  close_all();
  top_ = descriptor;
  identity_ = status;
  return {};
}

Result<void> Store::follow_path() {
  struct stat found{};
  const std::string itself = path_ + "/.";  // what a symbolic link leads to
  const int looked = system_.fstatat(AT_FDCWD, itself.c_str(), found);
  if (looked == 0 && found.st_dev == identity_.st_dev && found.st_ino == identity_.st_ino) return {};
  if (looked < 0 && looked != -ENOENT && looked != -ENOTDIR) return {};  // what we have open still serves
  return open_top();
}

bool Store::reopen_top_if_replaced() {
  const auto before = identity_;
  return follow_path() && (before.st_dev != identity_.st_dev || before.st_ino != identity_.st_ino);
}

void Store::close_all() noexcept {
  for (Handle& handle : handles_) {
    if (handle.descriptor >= 0) system_.close(handle.descriptor);
    handle = {};
  }
  if (top_ >= 0) system_.close(top_);
  top_ = -1;
}

std::string Store::path_of(std::uint32_t directory) const {
  return path_ + '/' + directory_text(directory).data();
}

std::string Store::path_of(const ElementName& name, std::string_view suffix) const {
  std::string text;
  text.reserve(path_.size() + longest_tail);
  text.append(path_).append(1, '/').append(name.str()).append(suffix);
  return text;
}

std::uint32_t Store::draw_directory() {
  return directory_at(system_.now().tv_sec, options_.granularity.count());
}

std::uint64_t Store::draw_element() {
  // Two draws within one microsecond, and a clock that was set back a little, must not give a name twice: the
  // names would clash with our own. A clock set back by more is followed.
  std::int64_t now = microseconds(system_.now());
  if (now <= last_drawn_ && last_drawn_ - now < microseconds_per_second) now = last_drawn_ + 1;
  last_drawn_ = now;
  return element_at(now / microseconds_per_second, static_cast<std::uint32_t>(now % microseconds_per_second),
                    rndhex_);
}

Store::Handle* Store::find(std::uint32_t directory) noexcept {
  for (Handle& handle : handles_) {
    if (handle.descriptor >= 0 && handle.directory == directory) return &handle;
  }
  return nullptr;
}

int Store::open_directory(std::uint32_t directory, bool& fresh) {
  if (const Handle* known = find(directory); known != nullptr) {
    fresh = false;
    return known->descriptor;
  }
  fresh = true;
  (void)follow_path();  // for those who only add: now and then, when the time for a new directory has come
  const int access = options_.durability == Durability::full ? O_RDONLY : O_PATH;
  const DirectoryText name = directory_text(directory);
  int descriptor = system_.openat(top_, name.data(), access | O_DIRECTORY | O_NOFOLLOW, 0);
  if (descriptor < 0) return descriptor;
  Handle& handle = handles_[next_handle_++ % handles_.size()];
  if (handle.descriptor >= 0) system_.close(handle.descriptor);
  handle = {directory, descriptor, false};
  return descriptor;
}

bool Store::forget_if_deleted(std::uint32_t directory) {
  Handle* handle = find(directory);
  struct stat status{};
  if (handle == nullptr || (system_.fstat(handle->descriptor, status) >= 0 && status.st_nlink > 0))
    return false;
  system_.close(handle->descriptor);
  *handle = {};
  return true;
}

int Store::make_below(int parent, const char* name) {
  const mode_t mode = 0777 & ~options_.umask.value_or(0);
  const int made = system_.mkdirat(parent, name, mode);
  if (made < 0 || !options_.umask) return made;
  // The process's umask may have taken bits that the queue's own grants.
  struct stat status{};
  int result = system_.fstatat(parent, name, status);
  if (result == 0 && (status.st_mode & 0777) != mode) result = system_.fchmodat(parent, name, mode);
  if (result < 0) system_.unlinkat(parent, name, AT_REMOVEDIR);
  return result;
}

int Store::make_directory(std::uint32_t directory) {
  const DirectoryText name = directory_text(directory);
  int made = make_below(top_, name.data());
  if (made == -ENOENT && reopen_top_if_replaced()) made = make_below(top_, name.data());
  return made == -EEXIST ? 0 : made;
}

int Store::set_file_mode(int descriptor) {
  if (!options_.umask) return 0;
  struct stat status{};
  if (const int result = system_.fstat(descriptor, status); result < 0) return result;
  return (status.st_mode & 0777) == file_mode() ? 0 : system_.fchmod(descriptor, file_mode());
}

int Store::sync_directory(std::uint32_t directory) {
  const int result = in(directory, [&](int descriptor) { return system_.fsync(descriptor); });
  if (result < 0) return result;
  // Whoever made the directory, its own entry must be durable too. Once for each that we open.
  Handle* handle = find(directory);
  if (handle == nullptr || handle->anchored) return 0;
  if (const int anchored = system_.fsync(top_); anchored < 0) return anchored;
  handle->anchored = true;
  return 0;
}

}  // namespace simplevisor::dirq
