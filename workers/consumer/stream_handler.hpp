// workers/consumer/stream_handler.hpp
//
// One long-lived handler for many messages: handler::CoProcess as the consumer's machine knows handlers.
//
// Threads    as Handler.
#pragma once

#include "workers/consumer/environment.hpp"
#include "workers/consumer/handler.hpp"
#include "workers/handler/co_process.hpp"

namespace simplevisor::consumer {

class StreamHandler final : public Handler {
 public:
  StreamHandler(boost::asio::any_io_executor executor, std::vector<std::string> arguments,
                Environment environment, std::string data_json, Tell tell);

  void start() override { process_.start(); }
  void stop() override { process_.stop(); }
  void tell_idle() override { process_.tell_idle(); }
  void handle(Work work) override;
  void kill(Ticket ticket) override { process_.kill(ticket); }
  void kill_all() override { process_.kill_all(); }

 private:
  Tell tell_;
  handler::CoProcess process_;
};

}  // namespace simplevisor::consumer
