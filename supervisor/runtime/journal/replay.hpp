// supervisor/runtime/journal/replay.hpp
//
// Plays a tape back through the core: every decision, as it was taken.
//
// Semantics  The core is a function of its configuration, its seed and what it is told and when; a tape has all of it.
//            Two runs of the same tape give the same decisions, and a tape of this version gives those that stand in
//            the journal.
// Bounds     the tape's own; a line that is none ends it, and `trouble` says where.
// Threads    a pure function.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "supervisor/core/spec.hpp"
#include "supervisor/runtime/journal/event.hpp"
#include "supervisor/runtime/journal/tape.hpp"

namespace simplevisor::runtime::journal {

struct Decision {
  std::chrono::nanoseconds at{};  // since the tape began
  Kind kind = Kind::restarting;
  std::string path;   // of the supervisor
  std::string about;  // of the child; "" for none
  friend bool operator==(const Decision&, const Decision&) = default;
};

struct Replayed {
  TapeHead head;
  std::vector<Decision> decisions;
  std::size_t lines = 0;
  std::size_t events = 0;
  bool cut = false;     // the tape was full
  std::string trouble;  // "" when it could be played to its end
};

// `next_line` gives the tape line by line; nothing at its end.
[[nodiscard]] Replayed replay(const std::shared_ptr<const core::ChildSpec>& root,
                              const std::function<std::optional<std::string>()>& next_line);

[[nodiscard]] Kind kind_of(core::Report::Kind kind);
[[nodiscard]] bool is_decision(Kind kind);  // of a supervisor

}  // namespace simplevisor::runtime::journal
