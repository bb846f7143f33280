// supervisor/runtime/logs/backward_lines.hpp
//
// The lines of a file from the last to the first.
//
// Cost       one block in memory and `line_bytes_shown_max` for a line, whatever the sizes of file and lines: the
//            beginning of a longer line is kept. Errors: what cannot be read ends the file there.
// Threads    one at a time.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace simplevisor::runtime::logs {

class BackwardLines {
 public:
  // Of the first `end` bytes of `file`, which stays open.
  BackwardLines(int file, std::uint64_t end) : file_(file), end_(end), block_start_(end) {}

  // The next line towards the beginning, without its end of line; none: there are no more.
  std::optional<std::string> next();

  // Where the line that next() gave last begins.
  [[nodiscard]] std::uint64_t position() const { return end_; }
  // Whether the very last line, the first that next() gives, had no end yet.
  [[nodiscard]] bool unfinished() const { return unfinished_; }
  // How many bytes were looked at.
  [[nodiscard]] std::uint64_t scanned() const { return scanned_; }

 private:
  static constexpr std::size_t block_bytes = std::size_t{64} << 10;

  // The position after the last end of line before `before`, or 0.
  std::uint64_t line_start(std::uint64_t before);
  bool load_block_before(std::uint64_t end);

  int file_;
  std::uint64_t end_;          // of what was not given yet
  std::uint64_t block_start_;  // of the bytes in block_
  std::string block_;
  std::uint64_t scanned_ = 0;
  bool begun_ = false;
  bool unfinished_ = false;
  bool broken_ = false;
};

}  // namespace simplevisor::runtime::logs
