// workers/amqp/session.hpp
//
// The life of one connection on its own thread: opened, used until it ends, and what is told of it.
//
// Loop       commands, then writing as far as nothing waits, then events, then waiting for socket, wake-up or heartbeat,
//            then reading a bounded number of frames.
// End        exactly one Closed is the last that it tells, unless the client was abandoned.
#pragma once

#include <optional>
#include <vector>

#include "workers/amqp/connection.hpp"
#include "workers/amqp/receiver.hpp"
#include "workers/amqp/sender.hpp"

namespace simplevisor::amqp {

class Session {
 public:
  Session(const Options& options, Mailbox& mailbox);
  void run();

 private:
  [[nodiscard]] Outcome<> open();
  [[nodiscard]] Outcome<> turn();
  void obey(std::vector<Command> commands);
  [[nodiscard]] Outcome<> write();
  [[nodiscard]] Outcome<> say_goodbye();
  [[nodiscard]] Outcome<> wait();
  [[nodiscard]] Outcome<> read();
  [[nodiscard]] Outcome<> on_frame(const amqp_frame_t& frame);
  [[nodiscard]] Outcome<> on_connection_method(const amqp_method_t& method);
  [[nodiscard]] Outcome<> check_silence() const;
  void close(const Problem& problem);

  const Options& options_;
  Mailbox& mailbox_;
  Connection connection_;
  Receiver receiver_;
  Sender sender_;
  std::vector<broker::Event> events_;
  std::optional<Clock::time_point> leave_by_;  // disconnect() was asked for
  bool goodbye_said_ = false;
  bool over_ = false;  // the goodbye was answered
  bool write_waits_ = false;
  bool reading_ = true;
};

}  // namespace simplevisor::amqp
