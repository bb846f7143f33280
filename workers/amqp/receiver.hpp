// workers/amqp/receiver.hpp
//
// The channel on which messages are consumed: subscriptions, deliveries, acknowledgements.
//
// Channel    what closes it, or cancels a subscription, ends the connection: tags belong to the channel they came by.
// Threads    the connection's.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "workers/amqp/acknowledgements.hpp"
#include "workers/amqp/body.hpp"
#include "workers/amqp/connection.hpp"
#include "workers/amqp/destination.hpp"

namespace simplevisor::amqp {

class Receiver {
 public:
  static constexpr Channel channel = 2;
  static constexpr Channel asking_channel = 4;  // 1 and 3 are the sender's

  Receiver(Connection& connection, const Options& options) : connection_(connection), options_(options) {}

  [[nodiscard]] Outcome<> open();  // nothing without subscriptions
  // The queues that were expected to be there and had to be made, as words for people; empty: none.
  [[nodiscard]] const std::string& surprise() const noexcept { return surprise_; }
  void finish(broker::Tag tag) { acknowledgements_.finish(tag); }
  void give_back(broker::Tag tag) { acknowledgements_.give_back(tag); }
  // Tells the broker what finish() and give_back() collected.
  [[nodiscard]] Outcome<> flush();

  [[nodiscard]] Outcome<> on_frame(const amqp_frame_t& frame, std::vector<broker::Event>& events);

 private:
  [[nodiscard]] Outcome<> subscribe(std::size_t index);
  [[nodiscard]] bool is_expected(const std::optional<Queue>& queue) const;
  [[nodiscard]] Outcome<> on_method(const amqp_method_t& method);
  [[nodiscard]] Outcome<> on_deliver(const amqp_basic_deliver_t& method);
  [[nodiscard]] Outcome<> on_header(const amqp_frame_t& frame);
  void complete(std::vector<broker::Event>& events);

  // The delivery whose frames are coming in.
  struct Incoming {
    broker::Delivered event;
    std::string exchange, routing_key;
    bool redelivered = false;
    bool header_seen = false;
    message::Header header;
  };

  Connection& connection_;
  const Options& options_;
  std::map<std::string, std::size_t, std::less<>> subscriptions_;  // by consumer tag
  Acknowledgements acknowledgements_;
  std::optional<Incoming> incoming_;
  Body body_;
  std::string surprise_;
};

}  // namespace simplevisor::amqp
