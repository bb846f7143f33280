// workers/consumer/consumer.hpp
//
// The consumer itself: the one place where the decisions of Machine meet queues, handler, clock and signals.
//
// Life       open() checks everything that can be checked and touches no message; run() returns when the last
//            message is finished or given back, with what the program ends with: `config` if a handler that never starts
//            ended a run that was to end with its queue.
// Signals    SIGTERM and SIGINT drain, a second one hurries. SIGPIPE is ignored while run() runs.
// Threads    one: the caller's, which is in run().
#pragma once

#include <memory>

#include "workers/consumer/machine.hpp"
#include "workers/consumer/settings.hpp"
#include "workers/consumer/steps.hpp"
#include "workers/service/error.hpp"

namespace simplevisor::consumer {

using service::Result;

class Consumer {
 public:
  static Result<std::unique_ptr<Consumer>> open(const Settings& settings, StepHook hook = {});
  Consumer(const Consumer&) = delete;
  Consumer& operator=(const Consumer&) = delete;
  ~Consumer();

  service::ExitCode run();
  [[nodiscard]] const Counters& counters() const noexcept;

 private:
  class Loop;
  explicit Consumer(std::unique_ptr<Loop> loop);

  std::unique_ptr<Loop> loop_;
};

}  // namespace simplevisor::consumer
