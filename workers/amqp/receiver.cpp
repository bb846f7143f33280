#include "workers/amqp/receiver.hpp"

#include <fmt/format.h>

#include <utility>

#include "workers/amqp/bytes.hpp"
#include "workers/amqp/declare.hpp"

namespace simplevisor::amqp {
namespace {

using Kind = broker::Failure::Kind;

std::unexpected<Problem> problem(Kind kind, std::string message) {
  return std::unexpected(Problem{{kind, std::move(message)}, false, 0, false});
}

}  // namespace

Outcome<> Receiver::open() {
  if (options_.subscriptions.empty()) return {};
  amqp_channel_open(connection_.library(), channel);
  if (auto done = connection_.outcome_of("opening a channel"); !done) return done;
  // Every consumer that is made afterwards gets this limit for itself. Without acknowledgements it means nothing.
  amqp_basic_qos(connection_.library(), channel, 0, options_.prefetch, 0);
  if (auto done = connection_.outcome_of("prefetch"); !done) return done;
  for (std::size_t index = 0; index < options_.subscriptions.size(); ++index) {
    if (auto done = subscribe(index); !done) return done;
  }
  return {};
}

Outcome<> Receiver::subscribe(std::size_t index) {
  const auto destination = parse_destination(options_.subscriptions[index]);
  if (!destination) return problem(Kind::configuration, destination.error());
  if (is_expected(destination->queue)) {
    const auto there = is_there(connection_, asking_channel, *destination->queue);
    if (!there) return std::unexpected(there.error());
    if (!*there)
      surprise_ +=
          fmt::format("; queue {} was gone (expired, or deleted), and what came for it meanwhile is lost",
                      destination->queue->name);
  }
  const auto queue = declare_for_receiving(connection_, channel, *destination, options_.passive);
  if (!queue) return std::unexpected(queue.error());
  const std::string tag = fmt::format("simplevisor.{}", index);
  subscriptions_.emplace(tag, index);
  amqp_basic_consume(connection_.library(), channel, bytes(*queue), bytes(tag), 0, options_.reliable ? 0 : 1,
                     0, amqp_empty_table);
  return connection_.outcome_of(fmt::format("consuming from queue {}", *queue));
}

bool Receiver::is_expected(const std::optional<Queue>& queue) const {
  if (!queue || queue->name.empty() || options_.passive) return false;
  const bool outlives_us = queue->durable && queue->declare && !queue->exclusive && !queue->auto_delete;
  return queue->expected || (options_.queues_expected && outlives_us);
}

Outcome<> Receiver::flush() {
  using Order = Acknowledgements::Order;
  for (const Order& order : acknowledgements_.take()) {
    if (order.kind == Order::Kind::give_back) {
      amqp_basic_reject_t method{.delivery_tag = order.tag, .requeue = 1};
      if (auto done = connection_.send(channel, AMQP_BASIC_REJECT_METHOD, &method); !done) return done;
    } else {
      amqp_basic_ack_t method{.delivery_tag = order.tag,
                              .multiple = order.kind == Order::Kind::ack_all_up_to ? 1 : 0};
      if (auto done = connection_.send(channel, AMQP_BASIC_ACK_METHOD, &method); !done) return done;
    }
  }
  return {};
}

Outcome<> Receiver::on_frame(const amqp_frame_t& frame, std::vector<broker::Event>& events) {
  Outcome<> done;
  switch (frame.frame_type) {
    case AMQP_FRAME_METHOD:
      done = on_method(frame.payload.method);
      break;
    case AMQP_FRAME_HEADER:
      done = on_header(frame);
      break;
    case AMQP_FRAME_BODY:
      if (!incoming_ || !incoming_->header_seen) return problem(Kind::protocol, "a body without a header");
      if (!body_.append(view(frame.payload.body_fragment))) {
        return problem(Kind::protocol, "a body longer than announced");
      }
      break;
    default:
      return problem(Kind::protocol, fmt::format("a frame of the unknown type {}", frame.frame_type));
  }
  if (done && incoming_ && incoming_->header_seen && body_.complete()) complete(events);
  return done;
}

Outcome<> Receiver::on_method(const amqp_method_t& method) {
  if (incoming_) return problem(Kind::protocol, "a method in the middle of a message");
  switch (method.id) {
    case AMQP_BASIC_DELIVER_METHOD:
      return on_deliver(*static_cast<const amqp_basic_deliver_t*>(method.decoded));
    case AMQP_BASIC_CANCEL_METHOD: {
      const auto& cancel = *static_cast<const amqp_basic_cancel_t*>(method.decoded);
      const auto found = subscriptions_.find(view(cancel.consumer_tag));
      if (found == subscriptions_.end()) return {};
      return problem(Kind::temporary,
                     fmt::format("subscription {}: the broker ended it; its queue may be deleted",
                                 options_.subscriptions[found->second]));
    }
    case AMQP_CHANNEL_CLOSE_METHOD: {
      const auto& close = *static_cast<const amqp_channel_close_t*>(method.decoded);
      return std::unexpected(closed_by_broker("receiving", close.reply_code, view(close.reply_text), false));
    }
    default:
      return problem(Kind::protocol, fmt::format("an unexpected method, {:#x}", method.id));
  }
}

Outcome<> Receiver::on_deliver(const amqp_basic_deliver_t& method) {
  const auto found = subscriptions_.find(view(method.consumer_tag));
  if (found == subscriptions_.end()) return problem(Kind::protocol, "a delivery for nobody");
  if (options_.reliable && !acknowledgements_.delivered(method.delivery_tag)) {
    return problem(Kind::protocol, "delivery tags that do not grow");
  }
  Incoming& incoming = incoming_.emplace(Incoming{});
  incoming.event.tag = method.delivery_tag;
  incoming.event.subscription = found->second;
  incoming.exchange = view(method.exchange);
  incoming.routing_key = view(method.routing_key);
  incoming.redelivered = method.redelivered != 0;
  return {};
}

Outcome<> Receiver::on_header(const amqp_frame_t& frame) {
  if (!incoming_ || incoming_->header_seen) return problem(Kind::protocol, "a header without a message");
  incoming_->header_seen = true;
  body_.start(frame.payload.properties.body_size, options_.message_bytes_max);
  // What the library decoded is only there until its buffers are released.
  auto header = incoming(*static_cast<const amqp_basic_properties_t*>(frame.payload.properties.decoded),
                         {incoming_->exchange, incoming_->routing_key, incoming_->redelivered});
  if (header) {
    incoming_->header = *std::move(header);
  } else {
    incoming_->event.trouble = std::move(header).error();
  }
  if (body_.too_large()) {
    incoming_->event.trouble = fmt::format("a body of {} bytes, more than the {} that are accepted",
                                           body_.announced(), options_.message_bytes_max);
  }
  return {};
}

void Receiver::complete(std::vector<broker::Event>& events) {
  broker::Delivered& event = incoming_->event;
  if (event.trouble.empty()) {
    message::Message& message = event.message.emplace();
    message.header = std::move(incoming_->header);
    message.body = body_.take();
    const auto type = message.header.find("content-type");
    message.text = type != message.header.end() && is_text(type->second, message.body);
  } else {
    event.raw = body_.take();
  }
  events.emplace_back(std::move(event));
  incoming_.reset();
}

}  // namespace simplevisor::amqp
