#include "workers/amqp/sender.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "workers/amqp/bytes.hpp"
#include "workers/amqp/declare.hpp"
#include "workers/amqp/fingerprint.hpp"
#include "workers/amqp/mapping.hpp"

namespace simplevisor::amqp {
namespace {

using Kind = broker::Failure::Kind;

constexpr std::size_t routes_max = 1000;
constexpr std::size_t body_frame_overhead = 8;

std::unexpected<Problem> problem(Kind kind, std::string message) {
  return std::unexpected(Problem{{kind, std::move(message)}, false, 0, false});
}

amqp_basic_properties_t library_properties(const Properties& properties,
                                           std::vector<amqp_table_entry_t>& table) {
  amqp_basic_properties_t result{};
  const auto set = [&](const std::optional<std::string_view>& value, amqp_flags_t flag, amqp_bytes_t& field) {
    if (!value) return;
    result._flags |= flag;
    field = bytes(*value);
  };
  set(properties.content_type, AMQP_BASIC_CONTENT_TYPE_FLAG, result.content_type);
  set(properties.content_encoding, AMQP_BASIC_CONTENT_ENCODING_FLAG, result.content_encoding);
  set(properties.correlation_id, AMQP_BASIC_CORRELATION_ID_FLAG, result.correlation_id);
  set(properties.reply_to, AMQP_BASIC_REPLY_TO_FLAG, result.reply_to);
  set(properties.message_id, AMQP_BASIC_MESSAGE_ID_FLAG, result.message_id);
  set(properties.type, AMQP_BASIC_TYPE_FLAG, result.type);
  set(properties.user_id, AMQP_BASIC_USER_ID_FLAG, result.user_id);
  set(properties.app_id, AMQP_BASIC_APP_ID_FLAG, result.app_id);
  set(properties.expiration, AMQP_BASIC_EXPIRATION_FLAG, result.expiration);
  const auto set_number = [&](const auto& value, amqp_flags_t flag, auto& field) {
    if (!value) return;
    result._flags |= flag;
    field = *value;
  };
  set_number(properties.delivery_mode, AMQP_BASIC_DELIVERY_MODE_FLAG, result.delivery_mode);
  set_number(properties.priority, AMQP_BASIC_PRIORITY_FLAG, result.priority);
  set_number(properties.timestamp, AMQP_BASIC_TIMESTAMP_FLAG, result.timestamp);
  table.clear();
  for (const auto& [name, value] : properties.table) {
    amqp_table_entry_t entry{};
    entry.key = bytes(name);
    entry.value.kind = AMQP_FIELD_KIND_UTF8;
    entry.value.value.bytes = bytes(value);
    table.push_back(entry);
  }
  if (!table.empty()) {
    result._flags |= AMQP_BASIC_HEADERS_FLAG;
    result.headers = {static_cast<int>(table.size()), table.data()};
  }
  return result;
}

// Whether the broker's words can mean this publishing: "no exchange 'x' in vhost '/'", "access to topic 'k' in exchange
// 'x' ...".
bool is_named(std::string_view text, std::string_view exchange, std::string_view routing_key) {
  const auto says = [&](std::string_view part) { return text.find(part) != std::string_view::npos; };
  const bool exchange_named = exchange.empty() ? says("default exchange") || says("exchange 'amq.default'")
                                               : says(fmt::format("exchange '{}'", exchange));
  return exchange_named && (!says("topic '") || says(fmt::format("topic '{}'", routing_key)));
}

}  // namespace

Sender::Sender(Connection& connection, const Options& options) : connection_(connection), options_(options) {}

Outcome<> Sender::open() {
  for (const Channel number : {management_channel, channel}) {
    amqp_channel_open(connection_.library(), number);
    if (auto done = connection_.outcome_of("opening a channel"); !done) return done;
  }
  if (!options_.reliable) return {};
  amqp_confirm_select(connection_.library(), channel);
  return connection_.outcome_of("publisher confirms");
}

bool Sender::can_write() const noexcept {
  if (opening_ > 0 || waiting_.empty()) return false;
  // What was begun may be finished while the broker blocks, if it still reads.
  return body_position_ || (!blocked_ && declaring_ == 0);
}

Outcome<> Sender::write(std::size_t bytes_max, std::vector<broker::Event>& events) {
  part_bytes_max_ = bytes_max;
  for (std::size_t written = 0; written < bytes_max && can_write();) {
    const auto bytes = body_position_ ? continue_body(events) : write_next(events);
    if (!bytes) return std::unexpected(bytes.error());
    written += *bytes;
  }
  return {};
}

Sender::Route& Sender::route_for(const std::string& destination) {
  if (const auto known = routes_.find(destination); known != routes_.end()) return known->second;
  if (routes_.size() >= routes_max) routes_.clear();
  Route& route = routes_[destination];
  if (auto parsed = parse_destination(destination)) {
    route.destination = *std::move(parsed);
  } else {
    route.trouble = std::move(parsed).error();
  }
  return route;
}

void Sender::refuse_next(std::string reason, std::vector<broker::Event>& events) {
  events.emplace_back(broker::Refused{waiting_.front().ticket, std::move(reason)});
  waiting_.pop_front();
}

Outcome<std::size_t> Sender::write_next(std::vector<broker::Event>& events) {
  const message::Message& message = waiting_.front().message;
  const auto header = message.header.find("destination");
  const bool of_its_own = header != message.header.end() && !options_.destination_overrides;
  Route& route = route_for(of_its_own ? header->second : options_.destination);
  if (!route.trouble.empty()) {
    refuse_next(route.trouble, events);
    return 0;
  }
  if (!options_.passive && !std::exchange(route.asked_for, true)) {
    const auto answers = ask_for_sending(connection_, management_channel, route.destination);
    if (!answers) return std::unexpected(answers.error());
    declaring_ += *answers;
    if (declaring_ > 0) return 0;
  }
  return start(route, events);
}

Outcome<std::size_t> Sender::start(const Route& route, std::vector<broker::Event>& events) {
  const auto& [ticket, message] = waiting_.front();
  const auto refused = [&](std::string reason) -> Outcome<std::size_t> {
    refuse_next(std::move(reason), events);
    return 0;
  };
  if (message.body.size() > options_.message_bytes_max) {
    return refused(fmt::format("a body of {} bytes, more than the {} that are sent", message.body.size(),
                               options_.message_bytes_max));
  }
  const auto mapped = outgoing(message, options_.mapping);
  if (!mapped) return refused(mapped.error());
  const std::size_t frame_max = connection_.frame_bytes_max();
  const std::size_t header_bytes = mapped->encoded_size();
  if (header_bytes + body_frame_overhead > frame_max) {
    return refused(
        fmt::format("a header of {} bytes, more than a frame of {} can hold", header_bytes, frame_max));
  }
  amqp_basic_properties_t properties = library_properties(*mapped, table_);
  const std::string& exchange = route.destination.exchange.name;
  const std::string& key = route.destination.routing_key;
  amqp_basic_publish_t method{};
  method.exchange = bytes(exchange);
  method.routing_key = bytes(key);
  method.mandatory = options_.reliable && options_.mandatory ? 1 : 0;
  if (options_.reliable) {
    const std::uint64_t mark =
        method.mandatory != 0 ? fingerprint(exchange, key, fingerprint(properties), message.body) : 0;
    confirms_.published({.ticket = ticket, .fingerprint = mark, .exchange = exchange, .routing_key = key});
  }
  const std::size_t bytes = header_bytes + message.body.size();
  // Together in few packets; a body of one frame that fits into what the caller has asked the system for.
  if (constexpr std::size_t small = 4096;
      message.body.size() <= std::min(small, frame_max - body_frame_overhead)) {
    if (auto done = connection_.publish(channel, method, properties, message.body); !done) {
      return std::unexpected(done.error());
    }
    written(events);
    return bytes;
  }
  body_position_ = 0;
  if (auto done = connection_.send(channel, AMQP_BASIC_PUBLISH_METHOD, &method); !done) {
    return std::unexpected(done.error());
  }
  if (auto done = connection_.send_header(channel, message.body.size(), properties); !done) {
    return std::unexpected(done.error());
  }
  return header_bytes;
}

Outcome<std::size_t> Sender::continue_body(std::vector<broker::Event>& events) {
  const std::string_view body = waiting_.front().message.body;
  const std::size_t part_max = std::min(connection_.frame_bytes_max() - body_frame_overhead, part_bytes_max_);
  const std::string_view part = body.substr(*body_position_, part_max);
  if (auto done = connection_.send_body_part(channel, part); !done) return std::unexpected(done.error());
  *body_position_ += part.size();
  if (*body_position_ == body.size()) {
    body_position_.reset();
    written(events);
  }
  return part.size();
}

void Sender::written(std::vector<broker::Event>& events) {
  if (!options_.reliable) events.emplace_back(broker::Confirmed{waiting_.front().ticket});
  waiting_.pop_front();
}

Outcome<> Sender::on_frame(const amqp_frame_t& frame, std::vector<broker::Event>& events) {
  if (frame.frame_type == AMQP_FRAME_METHOD) return on_method(frame.payload.method, events);
  if (!returned_) return problem(Kind::protocol, "content that belongs to no method");
  if (frame.frame_type == AMQP_FRAME_HEADER && !returned_->header_seen) {
    returned_->header_seen = true;
    returned_->properties =
        fingerprint(*static_cast<const amqp_basic_properties_t*>(frame.payload.properties.decoded));
    returned_body_.start(frame.payload.properties.body_size, options_.message_bytes_max);
  } else if (frame.frame_type == AMQP_FRAME_BODY && returned_->header_seen) {
    if (!returned_body_.append(view(frame.payload.body_fragment))) {
      return problem(Kind::protocol, "a body longer than announced");
    }
  } else {
    return problem(Kind::protocol, "content in the wrong order");
  }
  return returned_body_.complete() ? on_returned() : Outcome<>{};
}

Outcome<> Sender::on_returned() {
  const Returned returned = *std::exchange(returned_, {});
  const std::uint64_t mark =
      fingerprint(returned.exchange, returned.routing_key, returned.properties, returned_body_.take());
  if (options_.reliable && !confirms_.returned(mark, returned.reason)) {
    return problem(Kind::protocol, "the broker returned a message that was not sent: " + returned.reason);
  }
  return {};
}

Outcome<> Sender::on_method(const amqp_method_t& method, std::vector<broker::Event>& events) {
  if (returned_) return problem(Kind::protocol, "a method in the middle of a message");
  switch (method.id) {
    case AMQP_BASIC_ACK_METHOD: {
      const auto& ack = *static_cast<const amqp_basic_ack_t*>(method.decoded);
      if (confirms_.acknowledged(ack.delivery_tag, ack.multiple != 0, events)) return {};
      return problem(Kind::protocol, "a confirm of what was not sent");
    }
    case AMQP_BASIC_NACK_METHOD: {
      const auto& nack = *static_cast<const amqp_basic_nack_t*>(method.decoded);
      if (confirms_.refused(nack.delivery_tag, nack.multiple != 0, events)) return {};
      return problem(Kind::protocol, "a refusal of what was not sent");
    }
    case AMQP_BASIC_RETURN_METHOD: {
      const auto& back = *static_cast<const amqp_basic_return_t*>(method.decoded);
      returned_.emplace(Returned{});
      returned_->exchange = view(back.exchange);
      returned_->routing_key = view(back.routing_key);
      returned_->reason = fmt::format("exchange \"{}\", routing key \"{}\": {} {}", returned_->exchange,
                                      returned_->routing_key, back.reply_code, view(back.reply_text));
      return {};
    }
    case AMQP_CHANNEL_OPEN_OK_METHOD:
    case AMQP_CONFIRM_SELECT_OK_METHOD:
      if (opening_ > 0) --opening_;
      return {};
    case AMQP_CHANNEL_CLOSE_METHOD:
      return on_close(*static_cast<const amqp_channel_close_t*>(method.decoded), events);
    default:
      return problem(Kind::protocol, fmt::format("an unexpected method, {:#x}", method.id));
  }
}

Outcome<> Sender::on_close(const amqp_channel_close_t& close, std::vector<broker::Event>& events) {
  const std::string text(view(close.reply_text));
  const Problem reason = closed_by_broker("publishing", close.reply_code, text, true);
  std::vector<Confirms::Publishing> undecided = confirms_.forget();
  if (body_position_) {
    // Without confirms what was half written is all that can be answered for; with them it is among the undecided.
    if (!options_.reliable)
      events.emplace_back(broker::NotConfirmed{waiting_.front().ticket, reason.failure.message});
    waiting_.pop_front();
    body_position_.reset();
  }
  auto guilty = std::ranges::find_if(undecided, [&](const Confirms::Publishing& publishing) {
    return is_named(text, publishing.exchange, publishing.routing_key);
  });
  if (undecided.size() == 1) guilty = undecided.begin();
  if (guilty == undecided.end() && !undecided.empty()) {
    Problem unclear = reason;
    unclear.channel_only = false;
    unclear.message_to_blame = true;
    return std::unexpected(std::move(unclear));
  }
  for (auto publishing = undecided.begin(); publishing != undecided.end(); ++publishing) {
    if (publishing == guilty) {
      events.emplace_back(broker::Refused{publishing->ticket, reason.failure.message});
    } else {
      events.emplace_back(broker::NotConfirmed{
          publishing->ticket, "undecided, since the broker closed the channel on another message"});
    }
  }
  // What was declared may be gone, which may be the reason.
  for (auto& [name, route] : routes_) route.asked_for = false;
  return ask_to_open(channel);
}

Outcome<> Sender::ask_to_open(Channel number) {
  amqp_channel_close_ok_t farewell{};
  amqp_channel_open_t open{};
  if (auto done = connection_.send(number, AMQP_CHANNEL_CLOSE_OK_METHOD, &farewell); !done) return done;
  if (auto done = connection_.send(number, AMQP_CHANNEL_OPEN_METHOD, &open); !done) return done;
  ++opening_;
  if (number != channel || !options_.reliable) return {};
  amqp_confirm_select_t confirm{};
  ++opening_;
  return connection_.send(number, AMQP_CONFIRM_SELECT_METHOD, &confirm);
}

Outcome<> Sender::on_management_frame(const amqp_frame_t& frame) {
  if (frame.frame_type != AMQP_FRAME_METHOD)
    return problem(Kind::protocol, "content that belongs to no method");
  switch (frame.payload.method.id) {
    case AMQP_EXCHANGE_DECLARE_OK_METHOD:
    case AMQP_QUEUE_DECLARE_OK_METHOD:
    case AMQP_QUEUE_BIND_OK_METHOD:
      if (declaring_ > 0) --declaring_;
      return {};
    case AMQP_CHANNEL_OPEN_OK_METHOD:
      if (opening_ > 0) --opening_;
      return {};
    case AMQP_CHANNEL_CLOSE_METHOD:
      // It is there but different, or not for us to make. The answers that did not come will not.
      declaring_ = 0;
      return ask_to_open(management_channel);
    default:
      return problem(Kind::protocol, fmt::format("an unexpected method, {:#x}", frame.payload.method.id));
  }
}

}  // namespace simplevisor::amqp
