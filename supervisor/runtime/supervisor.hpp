// supervisor/runtime/supervisor.hpp
//
// A supervisor, ready to be run: the declared tree, brought to life on this machine. What `simplevisor start`
// runs, and what a program embeds.
//
// Use        create(), when_started(), run(). Everything else is `Service`, from the supervision thread.
// Process    it owns the signals SIGCHLD, SIGTERM, SIGINT, SIGHUP and SIGUSR1 and reaps every child of the
//            process: one supervisor per process, made before other threads start, so that they inherit the mask.
// Signals    SIGTERM, SIGINT: stops the tree in order and ends; the second one skips graces. SIGUSR1: opens the
//            log files anew. SIGHUP: reserved for reloading; logged.
// Threads    create() and run() on one thread, the supervision thread. One more moves the workers' output.
// Errors     create(): one line and the exit code that fits it. Once running, it does not end because of an error.
#pragma once

#include <expected>
#include <functional>
#include <memory>
#include <string>

#include "supervisor/config/model.hpp"
#include "supervisor/runtime/service.hpp"

namespace simplevisor::runtime {

struct SupervisorError {
  int exit_code = 1;
  std::string message;
};

class Supervisor final : public Service {
 public:
  // Locks the state directory, sets up logging, capture and signals. Starts nothing yet.
  static std::expected<std::unique_ptr<Supervisor>, SupervisorError> create(
      config::Configuration configuration);
  ~Supervisor() override;

  [[nodiscard]] std::string state_dir() const;

  // Called once, when the initial start has ended: `done`, the tree is up; or `failed`, with the reason, and
  // run() returns.
  void when_started(Done done);

  // Starts the tree and runs until it has ended. 0: stopped on request, or by itself with nothing wrong
  // (auto_shutdown). 1: it could not be started, or gave up.
  int run();

  boost::asio::any_io_executor executor() override;
  ServiceInfo info() override;
  std::vector<NodeStatus> status(std::string_view pattern, const Scope& within, Answer& answer) override;
  void start(const Order& order, Done done) override;
  void stop(const Order& order, Done done) override;
  void restart(const Order& order, Done done) override;
  void signal(const Order& order, int number, Done done) override;
  void shut_down(Done done) override;
  Measures measures(std::chrono::steady_clock::time_point asked) override;
  [[nodiscard]] const config::Configuration* configuration() const override;
  [[nodiscard]] journal::Recorder* journal() const override;
  [[nodiscard]] std::string log_path(std::string_view path) const override;
  [[nodiscard]] NewsToken when_output(std::function<void()> news) const override;

 private:
  struct State;
  explicit Supervisor(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace simplevisor::runtime
