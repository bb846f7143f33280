// workers/transfer/filter.hpp
//
// The user's program that checks messages: handler::CoProcess as the agent's machine knows it.
//
// Threads    those of the executor.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <variant>

#include "workers/handler/co_process.hpp"
#include "workers/message/message.hpp"
#include "workers/transfer/machine.hpp"
#include "workers/transfer/settings.hpp"

namespace simplevisor::transfer {

struct FilterAccepted {
  Ticket ticket = 0;
  std::optional<message::Message> message;  // none: as it was
};
using FilterAnswer = std::variant<FilterAccepted, Event>;

class Filter {
 public:
  using Tell = std::function<void(FilterAnswer&)>;

  Filter(boost::asio::any_io_executor executor, const Settings& settings, Tell tell);

  void start() { process_.start(); }
  void stop() { process_.stop(); }
  void kill() { process_.kill_all(); }
  void tell_idle() { process_.tell_idle(); }
  // Why it cannot be checked; nothing: the answer follows.
  std::optional<std::string> give(Ticket ticket, const message::Message& message);

 private:
  void heard(handler::CoProcess::Event event);

  std::size_t message_bytes_max_;
  Tell tell_;
  handler::CoProcess process_;
};

}  // namespace simplevisor::transfer
