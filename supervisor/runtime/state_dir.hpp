// supervisor/runtime/state_dir.hpp
//
// The state directory: what a supervisor knows on disk. One supervisor at a time: whoever holds the lock.
//
// Layout     lock (the holder's pid), run/ (sockets), fifo/ and log/ (see capture.hpp), with/ (workers'
//            settings).
// Modes      directories 0700; run by root 0711, because workers of other users must reach their sockets and
//            settings by name; what is in them is protected by its own mode. The directory itself must not be
//            writable by everybody.
// Lock       fcntl(F_OFD_SETLK) on `lock`, freed by the kernel however the holder ends, so the file alone
//            never means anything and is never removed.
// Writing    a file is complete or absent: written beside its place (NAME.tmp), then renamed. A kill between
//            the two leaves NAME.tmp, which the next write of NAME overwrites.
// Names      relative, like "wishes.json" or "with/root.a.json"; "." and ".." are refused.
// Threads    one at a time. Writing durably waits for the disk: not for the supervision thread's busy
//            moments.
#pragma once

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "supervisor/runtime/storage_error.hpp"
#include "supervisor/runtime/unique_fd.hpp"

namespace simplevisor::runtime {

// The system calls a state directory needs; a test replaces one to make it fail.
struct StateCalls {
  std::function<int(int dir, const char* name, mode_t mode)> mkdir =
      [](int dir, const char* name, mode_t mode) { return ::mkdirat(dir, name, mode); };
  std::function<int(int dir, const char* name, int flags, mode_t mode)> open =
      [](int dir, const char* name, int flags, mode_t mode) { return ::openat(dir, name, flags, mode); };
  std::function<ssize_t(int fd, const void* bytes, std::size_t count)> write =
      [](int fd, const void* bytes, std::size_t count) { return ::write(fd, bytes, count); };
  std::function<int(int fd)> fsync = [](int fd) { return ::fsync(fd); };
  std::function<int(int fd)> close = [](int fd) { return ::close(fd); };
  std::function<int(int dir, const char* from, const char* to)> rename =
      [](int dir, const char* from, const char* to) { return ::renameat(dir, from, dir, to); };
  std::function<int(int fd, struct ::flock* wanted)> lock = [](int fd, struct ::flock* wanted) {
    return ::fcntl(fd, F_OFD_SETLK, wanted);
  };
};

class StateDir {
 public:
  // Makes the directory (and parents, 0755) where missing, and locks it. `path`: absolute.
  // Errors: already_running ("... by pid N"), bad_name, system.
  static StorageResult<StateDir> open(const std::string& path, StateCalls calls = {});

  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] std::string run_dir() const { return path_ + "/run"; }
  [[nodiscard]] std::string with_dir() const { return path_ + "/with"; }

  // PATH/NAME, for a unix socket. Error bad_name when that is longer than the 107 bytes the system takes.
  [[nodiscard]] StorageResult<std::string> socket_path(std::string_view name = "control.sock") const;

  // Mode 0600. After success the contents survive a power cut: file and directory are fsynced.
  // After an error `name` holds the old or the new contents, whole.
  StorageResult<void> write_durably(std::string_view name, std::string_view bytes);

  // Mode 0600, not fsynced: cheap, for what is written anew at each start. No error when `name` holds these bytes already.
  StorageResult<void> write_private(std::string_view name, std::string_view bytes);

  // The contents of `name`; nothing when there is no such file. Error when it is longer than `bytes_max`.
  [[nodiscard]] StorageResult<std::optional<std::string>> read(std::string_view name,
                                                               std::size_t bytes_max = 1u << 20) const;

  // No error when it is not there.
  StorageResult<void> remove(std::string_view name);

 private:
  StateDir(std::string path, StateCalls calls, UniqueFd dir, UniqueFd lock);
  StorageResult<void> write(std::string_view name, std::string_view bytes, bool durable);
  [[nodiscard]] std::string full(std::string_view name) const;

  std::string path_;
  StateCalls calls_;
  UniqueFd dir_;
  UniqueFd lock_;
};

// The same for those who do not hold the directory: clients of the control socket.
StorageResult<std::string> socket_path(const std::string& state_dir, std::string_view name = "control.sock");

}  // namespace simplevisor::runtime
