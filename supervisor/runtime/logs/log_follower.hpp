// supervisor/runtime/logs/log_follower.hpp
//
// What comes into a worker's log from a position on, over rotations.
//
// How        each look opens the file, reads on, and closes it: between two looks a follower holds a position and nothing
//            else. A file that was rotated is found again by its identity, read to its end, and then the one after it.
// Lines      whole ones; what has no end yet is left for the next look, unless the file was rotated or
//            `line_bytes_shown_max` is reached (then it is `partial`).
// Gaps       a file that was truncated is read from its beginning; one that was compressed or removed before it was read
//            to its end leaves a gap, which is told.
// Errors     none: what cannot be read is tried again at the next look. Threads: one at a time.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "supervisor/runtime/logs/log_range.hpp"

namespace simplevisor::runtime::logs {

class LogFollower {
 public:
  LogFollower(std::string log_path, const LogPosition& from) : path_(std::move(log_path)), at_(from) {}

  struct Taken {
    std::vector<StoredLine> lines;
    bool gap = false;   // before these lines some are missing
    bool more = false;  // there is more already
  };
  // At most about `bytes_max` of what has come since.
  Taken take(std::size_t bytes_max);

 private:
  struct Found {
    LogSource source;
    unsigned number = 0;
  };
  std::optional<Found> find(Taken& taken);
  // How many bytes of whole lines `text` begins with, added to `taken`; `last`: nothing will follow it.
  static std::size_t take_lines(std::string_view text, bool last, Taken& taken);

  std::string path_;
  LogPosition at_;
};

}  // namespace simplevisor::runtime::logs
