// workers/stomp/convert.hpp
//
// Messages to SEND frames and MESSAGE frames to messages.
//
// Receiving  every header as it came. The message is text when its content-type says so (text/..., or a charset) and
//            means UTF-8 or ASCII, and the bytes are UTF-8; else it is binary and loses nothing. Headers that are not
//            UTF-8 are made so: Latin-1 is assumed in 1.0, U+FFFD put in later versions.
// Sending    what belongs to the connection the message came by is left out, what the broker would choke on is left
//            out or refused, and text without a content-type is called text/unknown.
// Semantics  Net::STOMP::Client's rules, without their loss of data and without believing a content-length; what each
//            broker chokes on was found by trying RabbitMQ 3.10 and ActiveMQ 5.17.
// Threads    pure functions.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "workers/broker/failure.hpp"
#include "workers/message/message.hpp"
#include "workers/stomp/frame.hpp"

namespace simplevisor::stomp {

inline constexpr std::size_t header_name_bytes_max =
    255;  // one more kills every AMQP consumer behind RabbitMQ
inline constexpr std::size_t sent_header_count_max = 900;                    // ActiveMQ takes 1000
inline constexpr std::size_t sent_header_bytes_max = std::size_t{64} << 10;  // as much fits any AMQP frame

struct Sending {
  // The message comes from a broker of another type: leave out timestamp, expires, priority and breadcrumbId too,
  // which mean other things there.
  bool from_other_broker = false;
  bool keep_originals = false;  // what is left out goes along as x-orig-NAME
  bool strict =
      false;  // refuse a message with a header that the broker would choke on, instead of leaving it out
  bool text_as_jms = false;  // text without content-length, which ActiveMQ makes a TextMessage
  std::optional<std::string> destination = std::nullopt;  // for messages that have none
};

struct SendContext {
  BrokerType broker = BrokerType::unknown;
  Dialect dialect;
  std::string_view login;  // "" if none
};

// Appends a SEND; `receipt` may be empty. Errors: the message can never be sent this way, and nothing was appended.
[[nodiscard]] broker::Result<void> append_send(std::string& out, const message::Message& message,
                                               const Sending& sending, const SendContext& context,
                                               std::string_view receipt);

// Requires a frame that is not truncated.
[[nodiscard]] message::Message to_message(Frame&& frame, Version version);

}  // namespace simplevisor::stomp
