// supervisor/runtime/workers.hpp
//
// The processes behind the tree's workers: starts them, asks them to stop, kills them, and tells the tree what
// became of them.
//
// Identity   a worker is a program and, in a pool, the number of the instance. Its record outlives its lives and
//            those of its supervisor, so that "what happened to it last time" has an answer.
// Safety     a pid is signalled only while it is in `pids_`: from the launch until our own thread has reaped it.
// Errors     every failure to start is an event for the tree, and a sentence in the record and the log.
// Threads    the supervision thread.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "supervisor/config/model.hpp"
#include "supervisor/core/events.hpp"
#include "supervisor/health/monitor.hpp"
#include "supervisor/process/exit_status.hpp"
#include "supervisor/process/launcher.hpp"
#include "supervisor/runtime/capture.hpp"
#include "supervisor/runtime/journal/recorder.hpp"
#include "supervisor/runtime/launch_material.hpp"
#include "supervisor/runtime/measures.hpp"
#include "supervisor/runtime/precedence.hpp"
#include "supervisor/runtime/state_dir.hpp"

namespace simplevisor::runtime {

struct Worker {
  // What only few workers have: something to say, or a protocol.
  struct Extra {
    std::unique_ptr<health::Monitor> monitor;
    std::unique_ptr<boost::asio::steady_timer> last_grace;  // of a life that we end on our own account
    std::string status;                                     // STATUS= of the present life
    std::string trouble;  // why the last life failed, if its exit does not say
  };
  enum class Last : std::uint8_t { nothing, exited, failed_to_start };

  const config::Program* program = nullptr;
  std::uint32_t program_index = 0;
  std::unique_ptr<Extra> extra;
  core::Life life = core::Life::none;
  core::TimePoint started_at{};
  core::TimePoint ended_at{};
  core::NodeId node = core::NodeId::none;
  std::uint32_t instance = 0;
  std::uint32_t starts = 0;
  pid_t pid = 0;
  std::uint8_t exit_code = 0;
  std::uint8_t exit_signal = 0;
  Last last = Last::nothing;
  bool core_dumped = false;
  bool asked_to_stop = false;  // by the tree, in this life
  EndTally ends{};             // since the supervisor began
  bool doomed = false;         // by us: hung, or not ready in time; whatever its status, its end is abnormal
  std::string fifo;            // where its captured output goes; "" until its first start

  [[nodiscard]] std::string path() const;
  Extra& more();
  // How the last life ended: "exited with status 3", "was not ready within 90 s"; "" when there was none.
  [[nodiscard]] std::string last_words() const;
};

class Workers {
 public:
  struct Context {
    boost::asio::io_context& io;
    const config::Configuration& configuration;
    StateDir& state_dir;
    Capture& capture;
    const process::Syscalls& syscalls;
    std::optional<rlimit> nofile;  // for workers, when ours was raised
    journal::Recorder* journal = nullptr;
  };
  // `post`: gives the tree an event. `settle`: lets it react; called only from the loop, never from within
  // start(), stop() and kill().
  Workers(const Context& context, std::function<void(core::Event)> post, std::function<void()> settle);

  // From now on, if it may, where the configuration has nothing against it.
  void take_precedence();
  void give_back_precedence();

  void start(const core::StartWorker& order, const core::ChildSpec& spec);
  void stop(std::uint32_t program, std::uint32_t instance, core::Life life);
  void kill(std::uint32_t program, std::uint32_t instance, core::Life life);

  // Sends it to the process itself, not to its group. False: there is none.
  bool signal(std::uint32_t program, std::uint32_t instance, int number);

  // For the reaper.
  [[nodiscard]] bool knows(pid_t pid) const { return pids_.contains(pid); }
  void ended(pid_t pid, const process::ExitStatus& status);

  // The record; null when it was never started.
  [[nodiscard]] const Worker* find(std::uint32_t program, std::uint32_t instance) const;
  [[nodiscard]] std::size_t running() const { return pids_.size(); }

  // From the end of a life that nobody asked for to the start of the next. Not counted: restarts between whose two
  // ends the tree was moved by a timer or a request, for then a back-off, a grace or a wish may have delayed them.
  [[nodiscard]] const Histogram& restart_latency() const { return restart_latency_; }
  void moved_on_purpose(core::TimePoint now) { moved_on_purpose_ = now; }

  // Ends what former lives left behind in sessions of their own.
  void sweep();

 private:
  Worker& record(std::uint32_t program, std::uint32_t instance);
  std::expected<pid_t, std::string> launch(Worker& worker, std::uint32_t index,
                                           process::Scheduling scheduling);
  std::expected<const std::string*, std::string> with_file(const config::Program& program,
                                                           const process::Credentials* who);
  std::expected<void, std::string> open_monitor(Worker& worker, std::uint32_t index, LaunchOccasion& occasion,
                                                const process::Credentials* who);
  void ready(std::uint32_t index);
  // Ends a life that the tree did not ask to end.
  void doom(std::uint32_t index, std::string why);
  void schedule_sweep();
  [[nodiscard]] bool is_over(std::string_view environment) const;
  void note(journal::Kind kind, const Worker& worker, std::string text = {},
            std::optional<journal::End> end = std::nullopt) const;
  void signal(pid_t target, int number) const;  // a negative target: its process group
  [[nodiscard]] Worker* living(std::uint32_t program, std::uint32_t instance, core::Life life);

  Context context_;
  std::function<void(core::Event)> post_;
  std::function<void()> settle_;
  process::Launcher launcher_;
  LaunchMaterial material_;
  Precedence precedence_;
  std::deque<Worker> workers_;
  std::vector<std::vector<std::uint32_t>>
      by_program_;  // by program and instance: index into workers_ + 1; 0: none
  std::unordered_map<pid_t, std::uint32_t> pids_;
  std::unordered_map<const config::Program*, std::string> with_files_;
  std::vector<core::Milliseconds> last_graces_;  // by program: how long a doomed life has
  boost::asio::steady_timer sweep_timer_;
  Histogram restart_latency_;
  core::TimePoint moved_on_purpose_{};
  bool sweep_scheduled_ = false;
  int sweeps_again_ = 0;
};

}  // namespace simplevisor::runtime
