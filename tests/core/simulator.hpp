// tests/core/simulator.hpp
//
// A tree in a world of misfortune: virtual time, a fake launcher, processes that fail to start, are slow to
// become ready, crash, leave, ignore being asked to stop; administrators with wishes; and news that comes late,
// twice or about earlier lives. What must hold whatever happens is checked after every event, as far as possible
// from what the launcher knows and not from what the tree believes.
//
// Errors   Broken, with what does not hold and when.
// Replay   the same root, seed and hazards give the same actions.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <stdexcept>
#include <string>
#include <unordered_map>
#include <vector>

#include "supervisor/core/tree.hpp"
#include "tests/core/dice.hpp"
#include "tests/core/random_tree.hpp"
#include "tests/core/restart_ledger.hpp"

namespace simplevisor::core::testing {

struct Broken : std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct Hazards {
  Milliseconds mean_life = std::chrono::hours{12};
  Milliseconds mean_between_requests = std::chrono::hours{8};
  Milliseconds mean_until_stop = std::chrono::hours{24 * 60};
  bool hold = true;  // some are terminated for good
};

class Simulator {
 public:
  Simulator(std::shared_ptr<const ChildSpec> root, std::uint64_t seed, Style style, Hazards hazards);

  // Lives through events until the tree has ended, or that time has come. True: ended.
  bool run_until(TimePoint end);

  [[nodiscard]] TimePoint now() const { return now_; }
  [[nodiscard]] std::uint64_t events() const { return happened_; }
  [[nodiscard]] std::uint64_t digest() const { return digest_; }  // of all actions so far, with their times

 private:
  struct Process {
    NodeId node;
    std::string name;
    std::vector<std::pair<NodeId, Life>> above;  // supervisors, the nearest first
    Dice fate;
    bool ready = false;
    bool ignores_stop = false;
  };
  struct Ready {
    Life life;
  };
  struct Fails {
    Life life;
  };
  struct Dies {
    Life life;
    Ending ending;
  };
  struct Late {
    Event event;
  };
  struct Wish {};
  using Happening = std::variant<Ready, Fails, Dies, Late, Wish, StopTree, Hurry>;

  void later(Milliseconds delay, Happening happening);
  void happen(const Ready& ready);
  void happen(const Fails& fails);
  void happen(const Dies& dies);
  void happen(const Late& late) { tree_.post(late.event); }
  void happen(const Wish& wish);
  void happen(const StopTree& stop);
  void happen(const Hurry& hurry) { tree_.post(hurry); }

  void react();
  void perform(const StartWorker& action);
  void perform(const StopWorker& action);
  void perform(const KillWorker& action);
  void perform(const Reply& action);
  void perform(const Report& action);
  void gone(std::map<Life, Process>::iterator process, Event news);
  void note(std::uint64_t kind, std::uint64_t a, std::uint64_t b = 0);

  void check_after_run();
  void check_order(NodeId child);
  [[nodiscard]] bool lives(NodeId child) const;
  [[noreturn]] void broken(const std::string& what) const;
  [[nodiscard]] std::string name_of(NodeId id) const;

  Tree tree_;
  Dice dice_;
  std::uint64_t seed_;
  Style style_;
  Hazards hazards_;
  TimePoint now_{};
  std::multimap<TimePoint, Happening> ahead_;
  std::map<Life, Process> processes_;  // those that are not gone
  std::set<std::string> alive_names_;
  std::map<std::pair<NodeId, Life>, std::size_t> alive_below_;
  std::unordered_map<std::string, std::uint64_t> starts_;
  std::vector<std::pair<NodeId, Life>> past_;  // some of those that are gone
  std::set<Life> stopped_in_this_run_;
  std::set<RequestId> unanswered_;
  std::vector<NodeId> supervisors_;  // that run, as of the last check
  RestartLedger ledger_;
  Life newest_ = Life::none;
  std::uint64_t requests_ = 0;
  std::uint32_t instances_ = 1000;
  std::uint64_t happened_ = 0;
  std::uint64_t runs_at_this_time_ = 0;
  std::uint64_t digest_ = 0;
};

}  // namespace simplevisor::core::testing
