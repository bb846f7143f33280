#include "supervisor/runtime/logs/backward_lines.hpp"

#include <unistd.h>

#include <algorithm>

#include "supervisor/runtime/logs/stored_line.hpp"

namespace simplevisor::runtime::logs {
namespace {

// What of `bytes` bytes at `from` can be read.
std::string read_at(int file, std::uint64_t from, std::size_t bytes) {
  std::string text(bytes, '\0');
  std::size_t have = 0;
  while (have < bytes) {
    const ssize_t got = ::pread(file, text.data() + have, bytes - have, static_cast<off_t>(from + have));
    if (got <= 0) break;
    have += static_cast<std::size_t>(got);
  }
  text.resize(have);
  return text;
}

}  // namespace

bool BackwardLines::load_block_before(std::uint64_t end) {
  const std::size_t bytes = static_cast<std::size_t>(std::min<std::uint64_t>(end, block_bytes));
  block_start_ = end - bytes;
  block_ = read_at(file_, block_start_, bytes);
  scanned_ += bytes;
  broken_ = block_.size() < bytes;  // truncated while we read, or a bad disk
  return !broken_;
}

std::uint64_t BackwardLines::line_start(std::uint64_t before) {
  while (before > 0) {
    if (before <= block_start_ || before > block_start_ + block_.size()) {
      if (!load_block_before(before)) return before;
    }
    const std::size_t found = std::string_view{block_}.substr(0, before - block_start_).rfind('\n');
    if (found != std::string::npos) return block_start_ + found + 1;
    before = block_start_;
  }
  return 0;
}

std::optional<std::string> BackwardLines::next() {
  if (end_ == 0 || broken_) return std::nullopt;
  std::uint64_t text_end = end_ - 1;
  if (!begun_) {
    begun_ = true;
    if (!load_block_before(end_)) return std::nullopt;
    unfinished_ = block_.back() != '\n';
    if (unfinished_) text_end = end_;
  }
  const std::uint64_t start = line_start(text_end);
  if (broken_) return std::nullopt;
  end_ = start;
  const auto bytes =
      static_cast<std::size_t>(std::min<std::uint64_t>(text_end - start, line_bytes_shown_max));
  if (start >= block_start_ && start + bytes <= block_start_ + block_.size())
    return block_.substr(start - block_start_, bytes);
  return read_at(file_, start, bytes);
}

}  // namespace simplevisor::runtime::logs
