// workers/amqp/client.hpp
//
// A connection to an AMQP 0-9-1 broker, over rabbitmq-c.
//
// Semantics  broker::Client (workers/broker/client.hpp). Refused: a message that AMQP cannot carry, one that no queue
//            is bound for (mandatory), and one on which the broker closed the channel, as far as that can be told;
//            the others of that channel are NotConfirmed, and the connection goes on. Where it cannot be told, Closed
//            says `message_to_blame`.
// Thread     the library waits in places, so each client has a thread of its own; commands go to it and events come
//            from it in batches. Its functions and its events belong to the executor's one thread or strand.
// Bounds     events that nobody took (pause(), or a busy executor) stop the reading at `undelivered_bytes_max`.
// Disconnect at once while it is being connected, with the exceptions of the destructor.
// Destructor shuts the socket down and joins the thread: immediate, but for a name that is being looked up, or a TLS
//            connection that is being made, which take up to `timeout_connect`.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <memory>
#include <thread>

#include "workers/amqp/options.hpp"
#include "workers/broker/client.hpp"

namespace simplevisor::amqp {

class Mailbox;

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
  Options options_;
  std::shared_ptr<Mailbox> mailbox_;
  std::thread thread_;
};

}  // namespace simplevisor::amqp
