// supervisor/runtime/capture_calls.hpp
//
// The system calls of output capture that fail in real life (a full disk, a broken one, no descriptor left),
// as a table, so that a test can make each of them fail once. The defaults are the system's own.
#pragma once

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstddef>
#include <functional>

namespace simplevisor::runtime {

struct CaptureCalls {
  std::function<int(int dir, const char* name, int flags, mode_t mode)> openat =
      [](int dir, const char* name, int flags, mode_t mode) { return ::openat(dir, name, flags, mode); };
  std::function<int(int dir, const char* name, mode_t mode)> mkfifoat =
      [](int dir, const char* name, mode_t mode) { return ::mkfifoat(dir, name, mode); };
  std::function<int(int dir, const char* from, const char* to)> rename =
      [](int dir, const char* from, const char* to) { return ::renameat(dir, from, dir, to); };
  // Moves up to `bytes` from a pipe to `*offset` of a file; never waits for the pipe.
  std::function<ssize_t(int pipe, int file, loff_t* offset, std::size_t bytes)> splice =
      [](int pipe, int file, loff_t* offset, std::size_t bytes) {
        return ::splice(pipe, nullptr, file, offset, bytes, SPLICE_F_NONBLOCK | SPLICE_F_MOVE);
      };
  // Writes all of `bytes` at `offset` of a file, or as much as goes.
  std::function<ssize_t(int file, const void* bytes, std::size_t count, off_t offset)> pwrite =
      [](int file, const void* bytes, std::size_t count, off_t offset) {
        return ::pwrite(file, bytes, count, offset);
      };
};

}  // namespace simplevisor::runtime
