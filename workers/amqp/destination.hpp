// workers/amqp/destination.hpp
//
// Where to take messages from or send them to, as users write it.
//
// Forms      /queue/NAME         durable queue, by the default exchange
//            /topic/KEY          exchange amq.topic, routing key KEY; consuming: a queue of the connection's own
//            /exchange/NAME      and /exchange/NAME/KEY: an exchange that exists
//            /amq/queue/NAME     a queue that exists
//            KEY=VALUE,...       keys exchange, queue, routing_key, routing_keys, bindings; comma or blanks separate, values are
//                                percent-encoded. The value of exchange and queue is such a list itself: name, type,
//                                durable, auto_delete, exclusive, declare, expected, arguments; that of arguments too, with
//                                names that are anybody's. routing_keys is a list of keys alone: the queue is bound by each. bindings
//                                is a list of such lists, encoded once more: of each the exchange and the routing keys, by
//                                which the queue is bound besides.
//            Names in the path forms are percent-decoded. true and false are booleans, in arguments numbers are numbers.
// Semantics  amqpclt's destinations; /exchange and /amq/queue are those of RabbitMQ's STOMP plugin.
// Errors     one line that says what is wrong with which part.
#pragma once

#include <cstdint>
#include <expected>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace simplevisor::amqp {

using Argument = std::variant<bool, std::int64_t, std::string>;
using Arguments = std::map<std::string, Argument>;

struct Exchange {
  std::string name;  // empty: the default exchange
  std::string type = "direct";
  bool durable = false;
  bool auto_delete = false;
  bool declare = false;  // never the broker's own
  Arguments arguments;
  friend bool operator==(const Exchange&, const Exchange&) = default;
};
struct Queue {
  std::string name;  // empty: named by the broker
  bool durable = false;
  bool exclusive = false;
  bool auto_delete = false;
  bool declare = true;
  bool expected = false;  // it was there before: a receiver says so when it is not
  Arguments arguments;
  friend bool operator==(const Queue&, const Queue&) = default;
};
struct Binding {
  Exchange exchange;
  std::vector<std::string> routing_keys;
  friend bool operator==(const Binding&, const Binding&) = default;
};
struct Destination {
  Exchange exchange;
  std::optional<Queue> queue;  // none: of no concern to a sender; a receiver gets one of its own
  std::string routing_key;
  std::vector<std::string> further_keys;  // by which the queue is bound besides
  std::vector<Binding> further_bindings;  // to exchanges besides
  friend bool operator==(const Destination&, const Destination&) = default;
};

[[nodiscard]] std::expected<Destination, std::string> parse_destination(std::string_view text);

}  // namespace simplevisor::amqp
