// supervisor/runtime/logs/log_source.hpp
//
// The files that hold one worker's output: NAME.log, the one before it NAME.log.1, and so on, older ones perhaps
// compressed as NAME.log.N.gz.
//
// Errors     none: a file that cannot be opened counts as missing. Threads: any. Only opens and looks.
#pragma once

#include <cstdint>
#include <string>

#include "supervisor/runtime/logs/line_time.hpp"
#include "supervisor/runtime/unique_fd.hpp"

namespace simplevisor::runtime::logs {

// Tells a file from others and from those that come after it under its name, or even get its inode.
struct FileId {
  std::uint64_t inode = 0;  // 0: none
  std::int64_t born = 0;    // nanoseconds; 0 where the file system does not know
  friend bool operator==(const FileId&, const FileId&) = default;
};

struct LogSource {
  UniqueFd file;
  FileId id{};
  std::uint64_t bytes = 0;  // in the file
  LogTime changed{};
  bool compressed = false;

  explicit operator bool() const { return static_cast<bool>(file); }
};

// `number` 0 is the one that is being written.
[[nodiscard]] LogSource open_source(const std::string& log_path, unsigned number);

// Without opening it; an empty id when there is none.
[[nodiscard]] FileId id_of(const std::string& log_path, unsigned number);

// As many numbers as the configuration allows, and as may be missing in a row: a rotation that is under way leaves a gap.
inline constexpr unsigned sources_max = 1001;
inline constexpr unsigned gap_max = 1;

}  // namespace simplevisor::runtime::logs
