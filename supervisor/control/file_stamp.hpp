// supervisor/control/file_stamp.hpp
//
// What tells whether a file was changed or replaced since it was read.
#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <string>

namespace simplevisor::control {

struct FileStamp {
  dev_t device = 0;
  ino_t inode = 0;
  off_t size = -1;           // -1: there is no file
  std::int64_t seconds = 0;  // of the last change of content, mode or owner
  std::int64_t nanoseconds = 0;
  friend bool operator==(const FileStamp&, const FileStamp&) = default;
};

[[nodiscard]] inline FileStamp stamp_of(const struct stat& is) {
  return {is.st_dev, is.st_ino, is.st_size, is.st_ctim.tv_sec, is.st_ctim.tv_nsec};
}

[[nodiscard]] inline FileStamp stamp_of(const std::string& path) {
  struct stat is{};
  return ::stat(path.c_str(), &is) == 0 ? stamp_of(is) : FileStamp{};
}

}  // namespace simplevisor::control
