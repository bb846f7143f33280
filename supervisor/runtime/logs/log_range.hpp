// supervisor/runtime/logs/log_range.hpp
//
// The last lines of a worker's log, over its rotated and compressed files.
//
// Since      lines that say when they were written are taken from `since` on; one that does not belongs to the one before
//            it. Where none says so, the files decide: those that were changed since then, as a whole (`untimed`).
// Cost       files are read from the end, blocks at a time, and no more than `scan_bytes_max` in all; a compressed file can
//            only be read from its beginning. Memory: `bytes_max` of lines, twice while a compressed file is read.
// Errors     none: what cannot be read counts as missing. Threads: any, and not one that must not wait for a disk.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "supervisor/runtime/logs/log_source.hpp"
#include "supervisor/runtime/logs/stored_line.hpp"

namespace simplevisor::runtime::logs {

struct RangeQuery {
  std::size_t lines = 10;
  std::size_t bytes_max = std::size_t{1} << 20;
  std::uint64_t scan_bytes_max = std::uint64_t{64} << 20;
  std::optional<LogTime> since{};
  bool finished_only = false;  // without a last line that has no end yet
};

// A place in a log, to go on from.
struct LogPosition {
  FileId file{};
  std::uint64_t offset = 0;
};

struct LogRange {
  std::vector<StoredLine> lines;  // the oldest first
  LogPosition end{};              // after the last line that has an end
  LogTime changed{};              // when the youngest file was
  std::uint64_t scanned = 0;      // bytes
  bool cut = false;               // there is more that was asked for, beyond `bytes_max` or `scan_bytes_max`
  bool untimed = false;           // `since` could not be told from the lines
};

[[nodiscard]] LogRange last_of(const std::string& log_path, const RangeQuery& query);

}  // namespace simplevisor::runtime::logs
