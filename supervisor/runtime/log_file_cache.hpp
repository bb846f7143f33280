// supervisor/runtime/log_file_cache.hpp
//
// The log files that are open at the moment: those of the workers that printed last. Ten thousand workers
// need ten thousand descriptors for their FIFOs; their log files must not need as many again.
//
// Ownership  a user keeps a `Ticket`, four bytes that say where its file is; the cache takes them back when
//            the place is needed for another. Tickets must stay where they are until dropped.
// Errors     errno values of opening. When descriptors have run out another log is closed to make room.
// Threads    one at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string_view>
#include <vector>

#include "supervisor/runtime/log_file.hpp"

namespace simplevisor::runtime {

class LogFileCache {
 public:
  using Ticket = std::int32_t;
  static constexpr Ticket none = -1;

  // `files_max` >= 1.
  LogFileCache(LogPlace& place, std::size_t files_max) : place_(&place), files_max_(files_max) {}

  // The log of `node`, opened if it is not, or if somebody moved it away. Valid until the next call.
  std::expected<LogFile*, int> get(Ticket& ticket, std::string_view node);

  void drop(Ticket& ticket);
  void drop_all();

 private:
  struct Place {
    std::optional<LogFile> file;
    Ticket* user = nullptr;
    std::uint64_t used = 0;  // a count that grows with every use
  };

  Place& place_for_one_more();
  void vacate(Place& place);
  bool vacate_oldest();

  LogPlace* place_;
  std::size_t files_max_;
  std::vector<Place> places_;
  std::uint64_t uses_ = 0;
};

}  // namespace simplevisor::runtime
