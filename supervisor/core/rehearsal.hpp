// supervisor/core/rehearsal.hpp
//
// What would happen if: one worker of a tree fails again and again, every other one does as it is told. Played through the
// same machine that supervises, in no time.
//
// Semantics  the tree starts whole and with nothing counted. Whoever is asked to stop stops at once; whoever is started starts
//            at once, but for the one that fails to start. Delays of backoffs and cool-downs pass; jitter is left out.
// Bounds     `steps_max` steps, then it is cut short and says so.
// Threads    a pure function.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "supervisor/core/events.hpp"

namespace simplevisor::core {

struct Rehearsal {
  enum class Fault : std::uint8_t {
    dies,            // ends abnormally, `times` times
    fails_to_start,  // ends abnormally once, then `times` starts fail
  };
  std::string path;  // of the worker: "root/broker/send", "root/jobs/2"
  Fault fault = Fault::dies;
  std::size_t times = 1;
  Milliseconds every{1000};  // how long it runs before the next fault
};

struct RehearsedStep {
  enum class What : std::uint8_t { fault, started, not_started, stopped, decision };
  Milliseconds at{};  // since the first fault
  What what = What::fault;
  std::string path;                        // of whom it happened to; of a decision: the supervisor
  std::string about{};                     // of a decision: the child
  std::optional<Report::Kind> decision{};  // of a decision
};

struct Rehearsed {
  std::vector<RehearsedStep> steps;
  std::size_t faults = 0;   // that happened: it may not come to all of them
  bool tree_ended = false;  // the root gave up, or shut itself down
  bool runs = false;        // the worker does, in the end
  bool cut_short = false;
  // Of its supervisor, in the end; zero when that does not run.
  std::size_t restarts_used = 0;
  std::size_t restarts_limit = 0;
};

inline constexpr std::size_t rehearsed_steps_max = 100'000;

// Nothing when no worker has this path.
[[nodiscard]] std::optional<Rehearsed> rehearse(const std::shared_ptr<const ChildSpec>& root,
                                                const Rehearsal& rehearsal);

}  // namespace simplevisor::core
