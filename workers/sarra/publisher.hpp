// workers/sarra/publisher.hpp
//
// Sends messages to one exchange and waits until the broker has each for certain.
//
// Exchange   a topic exchange, durable, declared before the first message unless it is told to exist. That nobody is bound to
//            it is no error: announcements without a subscriber are normal.
// Window     so many messages are on their way at a time; the next is asked for when there is room.
// Errors     that of the connection, or the message that was refused; those before it are with the broker.
// Threads    run() is the one.
#pragma once

#include <cstddef>
#include <expected>
#include <functional>
#include <optional>
#include <string>

#include "workers/amqp/options.hpp"
#include "workers/message/message.hpp"

namespace simplevisor::sarra {

struct Outgoing {
  std::string routing_key;
  message::Message message;
};

struct PublisherOptions {
  amqp::Options connection;
  std::string exchange;
  bool declare = true;
  std::size_t window = 100;
};

// How many were confirmed. `next` gives one message after the other; nothing: that was the last.
[[nodiscard]] std::expected<std::size_t, broker::Failure> publish_all(
    const PublisherOptions& options, const std::function<std::optional<Outgoing>()>& next);

}  // namespace simplevisor::sarra
