// supervisor/hooks/watch.hpp
//
// Tells failure and recovery of nodes from the events of the journal, and how often somebody may be told of them.
//
// Semantics  A worker fails when it ends abnormally and is not restarted, when it cannot be started again, and when its
//            supervisor gives up over it or waits (`cool_down`); with `each_end` at each abnormal end. A supervisor fails
//            when it gives up or cannot be started. What was asked for is no failure.
//            A node that failed has recovered once it has run again for `settle` without another failure.
//            For one node at most one failure in `interval` is told, and for all at most `at_most` in an `interval`. What
//            still stands when more may be told is told then; what has passed is counted in the next telling. A
//            recovery is told exactly when the failure was.
// Time       the events' own, handed in; `now` never before it.
// Threads    a plain value. Memory: one entry for each node that failed and has not recovered, and at most `at_most`.
#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "supervisor/runtime/journal/event.hpp"

namespace simplevisor::hooks {

using runtime::journal::Event;
using runtime::journal::Time;

struct WatchOptions {
  bool each_end = false;
  std::chrono::milliseconds settle{5'000};
  std::chrono::milliseconds interval{60'000};
  std::size_t at_most = 20;
};

// What somebody is to be told.
struct Notice {
  enum class What : std::uint8_t { failure, recovery };
  What what = What::failure;
  std::string path;
  Time since{};            // of the failure
  Event event{};           // that it was seen by
  std::size_t untold = 0;  // failures before it that nobody was told of, for want of permission
};

class Watch {
 public:
  explicit Watch(WatchOptions options) : options_(options) {}

  void take(const Event& event);
  // Of what has recovered nobody needs to be told: it was long ago.
  void forget_recovered();
  // What is due.
  [[nodiscard]] std::vector<Notice> due(Time now);
  // When more may be due without another event.
  [[nodiscard]] std::optional<Time> next() const;

 private:
  struct Trouble {
    Time since{};
    Event event{};
    bool failed = false;   // or only ended
    bool fresh = false;    // nobody has been told since it failed
    bool counted = false;  // in `untold_`
    bool told = false;
    std::optional<Time> up{};         // running again since then
    std::optional<Time> undecided{};  // ended then, and may yet be restarted
  };
  void fail(const std::string& path, const Event& event);
  void runs(const std::string& path, Time now);
  [[nodiscard]] std::optional<Time> may_tell_at(const std::string& path) const;  // none: at once

  WatchOptions options_;
  std::map<std::string, Trouble> troubles_;
  std::map<std::string, Time> told_;  // of failures, within the last `interval`
  std::size_t untold_ = 0;
};

}  // namespace simplevisor::hooks
