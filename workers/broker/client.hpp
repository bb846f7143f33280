// workers/broker/client.hpp
//
// A connection to one message broker, whatever protocol it speaks: what a transfer agent needs of it.
//
// Life       connect() once; then Connected, and in the end exactly one Closed, which is the last event. A client
//            is never used again: whoever wants to reconnect makes a new one.
// Events     come on the executor the client was made with, never from within a call of these functions.
// Sending    publish() takes a ticket of the caller's. With `reliable` each ticket ends as Confirmed, NotConfirmed,
//            Refused, or, when the connection closes first, is undecided: the broker may have the message.
//            Without, Confirmed comes as soon as the bytes are with the operating system.
// Receiving  a delivery's tag is acknowledged in any order; the client says to the broker what its protocol can
//            express without acknowledging more. With `reliable` off the broker has forgotten it already.
// Bounds     what waits to be sent is bounded by the caller's window; what was delivered and not acknowledged by the
//            prefetch; one message by `message_bytes_max`, larger ones are Delivered without a message.
// Threads    those of the executor.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <variant>

#include "workers/broker/failure.hpp"
#include "workers/message/message.hpp"

namespace simplevisor::broker {

using Ticket = std::uint64_t;  // one publish(), named by the caller, never twice
using Tag = std::uint64_t;     // one delivery, named by the client

struct Connected {
  std::string description;  // "RabbitMQ/3.10.8, STOMP 1.2"
};
struct Delivered {
  Tag tag = 0;
  std::size_t subscription = 0;             // index of the one it came by
  std::optional<message::Message> message;  // none: `trouble` says why it cannot be one
  std::string trouble;
  std::string raw;  // without a message: what there is of it, for the quarantine
};
struct Confirmed {
  Ticket ticket = 0;
};
struct NotConfirmed {  // the broker could not take it this time
  Ticket ticket = 0;
  std::string reason;
};
struct Refused {  // this message can never be sent this way
  Ticket ticket = 0;
  std::string reason;
};
struct Blocked {  // the broker asks for nothing more to be sent; publish() nothing until Unblocked
  std::string reason;
};
struct Unblocked {};
struct Closed {
  std::optional<Failure> failure;  // none: disconnect() was asked for and went well
  // One of the undecided messages made the broker close: offered one at a time, the guilty one shows.
  bool message_to_blame = false;
};
using Event =
    std::variant<Connected, Delivered, Confirmed, NotConfirmed, Refused, Blocked, Unblocked, Closed>;

class Client {
 public:
  using Tell = std::function<void(Event)>;

  Client() = default;
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  virtual ~Client() = default;  // closes abruptly, tells nothing

  virtual void connect() = 0;
  virtual void publish(Ticket ticket, const message::Message& message) = 0;
  virtual void acknowledge(Tag tag) = 0;
  // The broker shall deliver it again, to anybody. Where the protocol has no word for it, this happens at the
  // end of the connection.
  virtual void give_back(Tag tag) = 0;
  // Deliveries that are not wanted at the moment stay with the operating system and the broker.
  virtual void pause() = 0;
  virtual void resume() = 0;
  // Sends what waits, says goodbye as its protocol does, within its own time limits; then Closed.
  virtual void disconnect() = 0;
};

}  // namespace simplevisor::broker
