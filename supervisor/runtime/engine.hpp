// supervisor/runtime/engine.hpp
//
// The one place where decisions meet deeds: gives the tree what happened, carries out what it decides.
//
// Order      the tree's actions are carried out in their order; what comes of them is posted to the tree, which
//            sees it after all of them. A failed start is such an event, so that a stop request gets its turn.
// Fairness   after `launches_per_turn` launches the loop handles whatever else is waiting (signals, exits,
//            requests) before it goes on.
// Threads    the supervision thread.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

#include "supervisor/config/model.hpp"
#include "supervisor/core/tree.hpp"
#include "supervisor/runtime/journal/tape.hpp"
#include "supervisor/runtime/workers.hpp"

namespace simplevisor::runtime {

class Engine {
 public:
  using Replied = std::function<void(core::Result, core::NodeId)>;

  static constexpr std::size_t launches_per_turn = 64;

  explicit Engine(const Workers::Context& context);

  // `up`: the initial start succeeded. `over`: the tree is down, for whatever reason; the last call.
  void start(std::function<void()> up, std::function<void()> over);
  // See core::Tree::hold().
  void hold(const std::string& path, const std::shared_ptr<const core::ChildSpec>& spec,
            std::uint32_t instance);
  void let_go(const std::string& path, const core::ChildSpec& spec, std::uint32_t instance);
  void stop();
  void hurry();
  // `replied` exactly once; not after the tree is over.
  void request(core::Request request, Replied replied);

  // Process events: see Reaper::Handler.
  [[nodiscard]] bool knows(pid_t pid) const { return workers_.knows(pid); }
  void ended(pid_t pid, const process::ExitStatus& status);

  [[nodiscard]] const core::Tree& tree() const { return tree_; }
  [[nodiscard]] const Workers& workers() const { return workers_; }
  [[nodiscard]] Workers& workers() { return workers_; }
  [[nodiscard]] journal::Recorder* journal() const { return journal_; }
  // Why the tree did not come up or is down, in words; "" while there is nothing to say.
  [[nodiscard]] const std::string& trouble() const { return trouble_; }
  [[nodiscard]] std::string path_of(core::NodeId id) const;
  // How late the loop was: timers of ours, and whatever others ask to be counted.
  [[nodiscard]] const Histogram& lag() const { return lag_; }
  void note_lag(std::chrono::nanoseconds late) { lag_.add(late); }
  // When that was by the clock on the wall: the same at every question, unless that clock was set by more than a second.
  [[nodiscard]] std::chrono::system_clock::time_point wall_time(core::TimePoint time);
  [[nodiscard]] SupervisorTally tally(const core::ChildSpec& supervisor) const;

 private:
  void post(core::Event event);
  const core::Actions& run();
  void settle();
  void arm_timer();
  void perform(const core::StartWorker& action);
  void perform(const core::StopWorker& action);
  void perform(const core::KillWorker& action);
  void perform(const core::Reply& action);
  void perform(const core::Report& action);
  void count(const core::Report& report);
  void log(const core::Report& report);
  void note(const core::Report& report) const;
  [[nodiscard]] std::string why_ended(core::NodeId child) const;

  boost::asio::io_context& io_;
  const config::Configuration& configuration_;
  journal::Recorder* const journal_;
  const std::uint64_t seed_;
  core::Tree tree_;
  std::optional<journal::Tape> tape_;  // of what the tree is told
  Workers workers_;
  boost::asio::steady_timer timer_;
  std::optional<core::TimePoint> armed_for_;
  core::Actions actions_;  // being carried out
  std::size_t next_action_ = 0;
  bool settling_ = false;
  bool continuation_posted_ = false;
  bool over_ = false;
  std::unordered_map<std::uint64_t, Replied> replies_;
  std::uint64_t requests_ = 0;
  std::function<void()> on_up_;
  std::function<void()> on_over_;
  std::string trouble_;
  Histogram lag_;
  std::optional<std::chrono::nanoseconds> wall_offset_;  // from the monotonic clock
  std::unordered_map<const core::ChildSpec*, SupervisorTally> tallies_;
};

}  // namespace simplevisor::runtime
