// supervisor/runtime/journal/tape_file.hpp
//
// A tape on disk: DIR/tape.jsonl, and tape.jsonl.1 of the supervisor before.
//
// Bounds     `bytes_max`, then one more line, `tape_cut`: what it says up to there stays good.
// Errors     errno values; what could not be written whole ends the tape there, for a tape with a hole is worth nothing.
// Threads    one at a time.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "supervisor/runtime/journal/journal_file.hpp"

namespace simplevisor::runtime::journal {

class TapeFile {
 public:
  explicit TapeFile(const JournalPlace& place) : dir_(place.dir), calls_(place.calls) {}

  // The first call begins a new tape. Returns 0 or an errno, once.
  int append(std::string_view lines);

  static constexpr std::uint64_t bytes_max = std::uint64_t{32} << 20;

 private:
  int begin();
  int write_whole(std::string_view bytes) const;

  std::string dir_;
  JournalCalls calls_;
  UniqueFd file_;
  std::uint64_t size_ = 0;
  bool ended_ = false;
};

}  // namespace simplevisor::runtime::journal
