// supervisor/runtime/journal/journal_file.hpp
//
// The events on disk: DIR/events.jsonl, with events.jsonl.1 (younger) and so on beside it.
//
// Files      each begins with a head (the number of the last event, the histories of all workers), so that the newest
//            file alone is enough; what follows are events. A new file is written beside its place and renamed: between the two renames the newest one is
//            events.jsonl.1, and load() knows.
// Kill       leaves at most half a line at the end, which load() cuts off.
// Errors     errno values. What could not be written is taken back whole; the caller says so once and goes on.
// Threads    one at a time.
#pragma once

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "supervisor/runtime/storage_error.hpp"
#include "supervisor/runtime/unique_fd.hpp"

namespace simplevisor::runtime::journal {

struct JournalCalls {
  std::function<int(int dir, const char* name, int flags, mode_t mode)> open =
      [](int dir, const char* name, int flags, mode_t mode) { return ::openat(dir, name, flags, mode); };
  std::function<ssize_t(int fd, const void* bytes, std::size_t count)> write =
      [](int fd, const void* bytes, std::size_t count) { return ::write(fd, bytes, count); };
  std::function<int(int fd, off_t size)> truncate = [](int fd, off_t size) { return ::ftruncate(fd, size); };
  std::function<int(int dir, const char* from, const char* to)> rename =
      [](int dir, const char* from, const char* to) { return ::renameat(dir, from, dir, to); };
};

struct JournalPlace {
  std::string dir;                                    // made where missing, 0700
  std::uint64_t bytes_max = std::uint64_t{16} << 20;  // of events in one file
  unsigned files = 4;                                 // older ones
  JournalCalls calls{};
};

class JournalFile {
 public:
  static StorageResult<JournalFile> open(JournalPlace place);

  // Calls `line` for each whole line of the newest file, the oldest first, and makes it fit to be appended to.
  // Returns 0 or an errno.
  int load(const std::function<void(std::string_view)>& line);

  // `lines` are events and end in newlines. When the file is full after them, a new one is begun with `head()`.
  int append(std::string_view lines, const std::function<std::string()>& head);

 private:
  JournalFile(JournalPlace place, UniqueFd dir);
  int reopen();
  int rotate(const std::string& head);
  int write_whole(int file, std::string_view bytes) const;

  JournalPlace place_;
  UniqueFd dir_;
  UniqueFd file_;
  std::uint64_t size_ = 0;
  std::uint64_t head_bytes_ = 0;
};

}  // namespace simplevisor::runtime::journal
