// supervisor/runtime/journal/history.hpp
//
// How the last lives of one worker ended: few bytes, for there may be ten thousand workers.
//
// Bounds     the last `ends_max` ends.
// Threads    a plain value.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "supervisor/runtime/journal/event.hpp"

namespace simplevisor::runtime::journal {

class History {
 public:
  static constexpr std::size_t ends_max = 100;

  struct Entry {
    Time time{};
    End end{};
    std::optional<Kind>
        action;  // what its supervisor decided then; none: nothing, as when it was asked to stop
  };

  void add(Time time, const End& end, std::optional<Kind> action = std::nullopt);
  // Of the last end: its supervisor has decided. The first decision counts, those after it are about others.
  void decided(Kind action);
  [[nodiscard]] std::size_t size() const noexcept { return ends_.size(); }
  // The oldest first.
  [[nodiscard]] std::vector<Entry> entries() const;

  std::uint64_t total = 0;  // ends there were, those that are forgotten included

 private:
  struct Packed {  // 24 bytes
    std::int64_t time_us;
    std::int64_t lived_ms;
    std::int16_t status;
    std::uint8_t cause;
    bool by_signal;
    std::uint8_t action;  // a Kind; `undecided` for none
  };
  static constexpr std::uint8_t undecided = 0xff;
  std::vector<Packed> ends_;  // a ring once it is full
  std::size_t oldest_ = 0;
};

}  // namespace simplevisor::runtime::journal
