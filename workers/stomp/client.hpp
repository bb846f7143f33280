// workers/stomp/client.hpp
//
// A client of one STOMP broker: the interface every transfer agent drives, over TCP or TLS, for 1.0, 1.1 and 1.2.
//
// Receiving  reliable: ack=client-individual, or ack=client (cumulative) in 1.0 or when the subscription says so; then
//            only what is acknowledged without a gap since the beginning is told to the broker. Not reliable: auto.
// Giving     back: a NACK where the broker requeues by it (RabbitMQ, client-individual). ActiveMQ would call the
//            message poisonous, so there it waits for the end of the connection, as in 1.0.
// Sending    reliable: each SEND has a receipt. An ERROR that names a receipt refuses that message; any ERROR ends the
//            connection, because brokers disagree about what is left of it.
// Silence    heart-beats, if asked for and granted; and `timeout_broker`.
// Blocked    when the broker has taken none of our bytes for five seconds (RabbitMQ's alarms look like this).
// Threads    the executor's, which must be a single thread or a strand. TLS and resolving block for nothing else, but
//            certificate files are read in connect().
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <memory>

#include "workers/broker/client.hpp"
#include "workers/stomp/options.hpp"

namespace simplevisor::stomp {

class Session;

class Client final : public broker::Client {
 public:
  Client(boost::asio::any_io_executor executor, Options options, Tell tell);
  ~Client() override;

  void connect() override;
  void publish(broker::Ticket ticket, const message::Message& message) override;
  void acknowledge(broker::Tag tag) override;
  void give_back(broker::Tag tag) override;
  void pause() override;
  void resume() override;
  void disconnect() override;

 private:
  std::shared_ptr<Session> session_;  // outlives us until its last operation has been cancelled
};

}  // namespace simplevisor::stomp
