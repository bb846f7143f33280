// workers/amqp/mapping.hpp
//
// A message's header as AMQP basic properties and headers table, and back.
//
// Names      content-type, content-encoding, persistent (delivery mode 2), priority, correlation-id, reply-to,
//            amqp-message-id, timestamp (seconds), type, user-id, app-id, expiration are properties; the rest is the
//            table. RabbitMQ's STOMP plugin uses the same names, so agents of both protocols see the same messages.
// Incoming   a property wins over an entry of the same name. Values become text: integers decimal, booleans true or
//            false, timestamps seconds, floats shortest decimal, arrays and tables compact JSON, byte arrays and
//            strings that are no UTF-8 base64; null is left out. Added: amqp-exchange, amqp-routing-key, redelivered.
// Body       text when the content type says so (text/..., or a charset of UTF-8 or ASCII) and it is UTF-8.
// Outgoing   table entries are long strings. Names of one transport (`strip`) do not travel to the next.
// Threads    free functions without state. What outgoing() gives refers to the message it was given.
#pragma once

#include <amqp.h>

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "workers/message/message.hpp"

namespace simplevisor::amqp {

// A header that names a property but cannot be one: a priority that is no number, a user-id that is not our login (on
// which a broker closes the channel).
enum class Unfit : std::uint8_t {
  keep,    // it goes to the table as x-orig-NAME
  drop,    // it is left out
  refuse,  // the message is
};

struct MappingOptions {
  std::vector<std::string> strip = {"message-id", "ack",        "subscription",   "redelivered",
                                    "receipt",    "receipt-id", "content-length", "transaction"};
  bool keep_stripped = false;  // under x-orig-NAME
  Unfit unfit = Unfit::keep;
  std::string login;  // what user-id must be to be a property; empty: nobody
};

struct Properties {
  std::optional<std::string_view> content_type, content_encoding, correlation_id, reply_to, message_id, type,
      user_id, app_id, expiration;
  std::optional<std::uint8_t> delivery_mode, priority;
  std::optional<std::uint64_t> timestamp;
  std::vector<std::pair<std::string, std::string_view>> table;

  // The bytes of the header frame's payload, at most; it must fit into one frame.
  [[nodiscard]] std::size_t encoded_size() const;
};

// Or why this message can never be sent.
[[nodiscard]] std::expected<Properties, std::string> outgoing(const message::Message& message,
                                                              const MappingOptions& options);

struct Origin {
  std::string_view exchange, routing_key;
  bool redelivered = false;
};
// Or why it cannot be a message's header: a name that is no UTF-8, values nested too deeply.
[[nodiscard]] std::expected<message::Header, std::string> incoming(const amqp_basic_properties_t& properties,
                                                                   const Origin& origin);

[[nodiscard]] bool is_text(std::string_view content_type, std::string_view body);

// A table value as text; nothing for null.
[[nodiscard]] std::expected<std::optional<std::string>, std::string> text_of(const amqp_field_value_t& value);

}  // namespace simplevisor::amqp
