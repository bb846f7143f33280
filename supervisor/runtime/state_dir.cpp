// supervisor/runtime/state_dir.cpp
#include "supervisor/runtime/state_dir.hpp"

#include <fmt/format.h>
#include <sys/un.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <utility>

namespace simplevisor::runtime {

namespace {

using Code = StorageError::Code;

// One system call may be interrupted; that is no failure.
template <class Call>
auto uninterrupted(Call call) {
  for (;;) {
    const auto result = call();
    if (result >= 0 || errno != EINTR) return result;
  }
}

StorageResult<void> make_directory(const StateCalls& calls, int dir, const std::string& name, mode_t mode,
                                   const std::string& shown) {
  if (calls.mkdir(dir, name.c_str(), mode) == 0) {
    // Once more: a careful administrator's umask would shut out the workers of other users.
    if (::fchmodat(dir, name.c_str(), mode, 0) == 0) return {};
  } else if (errno == EEXIST) {
    return {};
  }
  return system_failure("make the directory " + shown, errno);
}

StorageResult<void> make_parents(const StateCalls& calls, const std::string& path) {
  for (std::size_t slash = path.find('/', 1); slash != std::string::npos; slash = path.find('/', slash + 1)) {
    const std::string parent = path.substr(0, slash);
    if (auto made = make_directory(calls, AT_FDCWD, parent, 0755, parent); !made) return made;
  }
  return {};
}

StorageResult<UniqueFd> open_directory(const StateCalls& calls, const std::string& path) {
  UniqueFd dir{calls.open(AT_FDCWD, path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0)};
  if (!dir) return system_failure("open the state directory " + path, errno);
  struct stat is{};
  if (::fstat(dir.get(), &is) != 0) return system_failure("look at the state directory " + path, errno);
  if ((is.st_mode & S_IWOTH) != 0) {
    return storage_failure(Code::bad_name,
                           "cannot use the state directory " + path + ": everybody may write to it");
  }
  if (is.st_uid != ::geteuid() && is.st_uid != 0) {
    return storage_failure(Code::bad_name,
                           fmt::format("cannot use the state directory {}: it belongs to user {}, who "
                                       "could put anything in its place",
                                       path, is.st_uid));
  }
  return dir;
}

// Whose lock it is, in words.
std::string holder(int lock) {
  std::array<char, 24> text{};
  const ssize_t got = ::pread(lock, text.data(), text.size(), 0);
  long pid = 0;
  if (got > 0) std::from_chars(text.data(), text.data() + got, pid);
  // The holder locks first and writes its pid then; in between there is none to tell.
  return pid > 0 ? fmt::format("already running as pid {}", pid)
                 : "already running, as a process that has just begun";
}

StorageResult<void> write_all(const StateCalls& calls, int fd, std::string_view bytes,
                              const std::string& shown) {
  while (!bytes.empty()) {
    const ssize_t written = uninterrupted([&] { return calls.write(fd, bytes.data(), bytes.size()); });
    if (written < 0) return system_failure("write " + shown, errno);
    if (written == 0)
      return system_failure("write " + shown, EIO);  // never so for a file; not to loop for ever
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

StorageResult<UniqueFd> lock_directory(const StateCalls& calls, int dir, const std::string& path) {
  const std::string shown = path + "/lock";
  UniqueFd lock{calls.open(dir, "lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600)};
  if (!lock) return system_failure("open " + shown, errno);
  struct ::flock wanted{};
  wanted.l_type = F_WRLCK;
  wanted.l_whence = SEEK_SET;
  if (uninterrupted([&] { return calls.lock(lock.get(), &wanted); }) != 0) {
    if (errno != EAGAIN && errno != EACCES) return system_failure("lock " + shown, errno);
    return storage_failure(Code::already_running, fmt::format("{} ({})", holder(lock.get()), path));
  }
  // The pid is for people; a lock without one is as good.
  if (::ftruncate(lock.get(), 0) != 0) return system_failure("empty " + shown, errno);
  if (auto written = write_all(calls, lock.get(), fmt::format("{}\n", ::getpid()), shown); !written) {
    return std::unexpected(std::move(written).error());
  }
  return lock;
}

bool may_be_used(std::string_view name) {
  if (name.empty() || name.find('\0') != std::string_view::npos) return false;
  for (;;) {
    const std::size_t slash = name.find('/');
    const std::string_view part = name.substr(0, slash);
    if (part.empty() || part == "." || part == "..") return false;
    if (slash == std::string_view::npos) return true;
    name.remove_prefix(slash + 1);
  }
}

}  // namespace

StorageResult<StateDir> StateDir::open(const std::string& path, StateCalls calls) {
  if (path.empty() || path.front() != '/') {
    return storage_failure(Code::bad_name,
                           "cannot use the state directory \"" + path + "\": not an absolute path");
  }
  // Others need to get through, not to look around; see "Modes".
  const mode_t mode = ::geteuid() == 0 ? 0711 : 0700;
  if (auto made = make_parents(calls, path); !made) return std::unexpected(std::move(made).error());
  if (auto made = make_directory(calls, AT_FDCWD, path, mode, path); !made) {
    return std::unexpected(std::move(made).error());
  }
  auto dir = open_directory(calls, path);
  if (!dir) return std::unexpected(std::move(dir).error());
  auto lock = lock_directory(calls, dir->get(), path);
  if (!lock) return std::unexpected(std::move(lock).error());
  const std::array<std::pair<const char*, mode_t>, 4> folders{
      {{"run", mode}, {"with", mode}, {"fifo", mode}, {"log", 0700}}};
  for (const auto& [name, folder_mode] : folders) {
    auto made = make_directory(calls, dir->get(), name, folder_mode, path + "/" + name);
    if (!made) return std::unexpected(std::move(made).error());
  }
  return StateDir{path, std::move(calls), std::move(*dir), std::move(*lock)};
}

StateDir::StateDir(std::string path, StateCalls calls, UniqueFd dir, UniqueFd lock)
    : path_(std::move(path)), calls_(std::move(calls)), dir_(std::move(dir)), lock_(std::move(lock)) {}

std::string StateDir::full(std::string_view name) const {
  return fmt::format("{}/{}", path_, name);
}

StorageResult<std::string> StateDir::socket_path(std::string_view name) const {
  return runtime::socket_path(path_, name);
}

StorageResult<void> StateDir::write_durably(std::string_view name, std::string_view bytes) {
  return write(name, bytes, true);
}

StorageResult<void> StateDir::write_private(std::string_view name, std::string_view bytes) {
  auto written = write(name, bytes, false);
  if (written) return written;
  // A disk that is full keeps nobody from what is there already.
  const auto present = read(name, bytes.size());
  if (present && *present == bytes) return {};
  return written;
}

StorageResult<void> StateDir::write(std::string_view name, std::string_view bytes, bool durable) {
  const std::string shown = full(name);
  if (!may_be_used(name))
    return storage_failure(Code::bad_name, "cannot write " + shown + ": not a name in there");
  const std::string place{name};
  const std::string draft = place + ".tmp";
  const auto give_up = [&](const std::string& doing, int error) {
    ::unlinkat(dir_.get(), draft.c_str(), 0);
    return system_failure(doing, error);
  };

  UniqueFd file{
      calls_.open(dir_.get(), draft.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600)};
  if (!file) return system_failure("make " + shown + ".tmp", errno);
  if (auto written = write_all(calls_, file.get(), bytes, shown); !written) {
    ::unlinkat(dir_.get(), draft.c_str(), 0);
    return written;
  }
  if (durable && uninterrupted([&] { return calls_.fsync(file.get()); }) != 0) {
    return give_up("bring to disk " + shown, errno);
  }
  // A quota or a network file system may say only now that there was no room.
  if (calls_.close(file.release()) != 0 && errno != EINTR) return give_up("close " + shown, errno);
  if (calls_.rename(dir_.get(), draft.c_str(), place.c_str()) != 0)
    return give_up("put in place " + shown, errno);
  if (!durable) return {};

  // The new name is durable once the directory it is in is.
  const std::size_t slash = place.rfind('/');
  const std::string folder = slash == std::string::npos ? "." : place.substr(0, slash);
  const UniqueFd parent{calls_.open(dir_.get(), folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0)};
  if (!parent) return system_failure("open the directory of " + shown, errno);
  if (uninterrupted([&] { return calls_.fsync(parent.get()); }) != 0) {
    return system_failure("bring to disk the directory of " + shown, errno);
  }
  return {};
}

StorageResult<std::optional<std::string>> StateDir::read(std::string_view name, std::size_t bytes_max) const {
  const std::string shown = full(name);
  if (!may_be_used(name))
    return storage_failure(Code::bad_name, "cannot read " + shown + ": not a name in there");
  const UniqueFd file{
      calls_.open(dir_.get(), std::string{name}.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW, 0)};
  if (!file && errno == ENOENT) return std::nullopt;
  if (!file) return system_failure("open " + shown, errno);
  std::string bytes;
  std::array<char, 4096> some;
  for (;;) {
    const ssize_t got = uninterrupted([&] { return ::read(file.get(), some.data(), some.size()); });
    if (got < 0) return system_failure("read " + shown, errno);
    if (got == 0) return bytes;
    bytes.append(some.data(), static_cast<std::size_t>(got));
    if (bytes.size() > bytes_max) {
      return storage_failure(Code::bad_name,
                             fmt::format("cannot read {}: longer than {} bytes", shown, bytes_max));
    }
  }
}

StorageResult<void> StateDir::remove(std::string_view name) {
  const std::string shown = full(name);
  if (!may_be_used(name))
    return storage_failure(Code::bad_name, "cannot remove " + shown + ": not a name in there");
  if (::unlinkat(dir_.get(), std::string{name}.c_str(), 0) != 0 && errno != ENOENT) {
    return system_failure("remove " + shown, errno);
  }
  return {};
}

StorageResult<std::string> socket_path(const std::string& state_dir, std::string_view name) {
  constexpr std::size_t path_bytes_max = sizeof(sockaddr_un::sun_path) - 1;
  std::string path = fmt::format("{}/{}", state_dir, name);
  if (path.size() <= path_bytes_max) return path;
  return storage_failure(
      Code::bad_name,
      fmt::format("the path of the state directory is too long: a socket's path may have {} bytes, "
                  "and {} has {}",
                  path_bytes_max, path, path.size()));
}

}  // namespace simplevisor::runtime
