// workers/amqp/options.hpp
//
// Everything that can be said about one connection to an AMQP 0-9-1 broker.
//
// Names      those of the transfer agents' options where there is one: `prefetch`, `reliable`, `timeout_connect`.
// Checked    by the client when it connects; what is wrong ends it with Kind::configuration.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "workers/amqp/mapping.hpp"
#include "workers/broker/credentials.hpp"
#include "workers/broker/tls.hpp"
#include "workers/broker/uri.hpp"

namespace simplevisor::amqp {

struct Options {
  broker::Endpoint endpoint;

  // TLS is used if the endpoint says so.
  broker::TlsOptions tls;
  // Instead of the endpoint's user and password; with neither, guest and guest.
  std::optional<broker::Plain> login;
  // SASL EXTERNAL: the broker knows us by our certificate. `login` is not used.
  bool external = false;

  // Receiving: acknowledgements. Sending: publisher confirms. Without, the broker forgets and we hope.
  bool reliable = false;

  std::vector<std::string> subscriptions;  // destinations (destination.hpp)
  // An earlier connection has received from them: those that outlive a connection are told of when they are not there.
  bool queues_expected = false;
  std::uint16_t prefetch = 100;  // deliveries without acknowledgement, each subscription; 0: no limit
  // Queues and exchanges are checked, never made, changed or bound; for publishing, not even looked at.
  bool passive = false;

  // For messages without a `destination` header, and with `destination_overrides` for all.
  std::string destination;
  bool destination_overrides = false;
  // With `reliable`: a message for which there is no queue is refused instead of confirmed and gone.
  bool mandatory = true;

  MappingOptions mapping;
  std::size_t message_bytes_max = std::size_t{128} << 20;  // of one body, either way

  std::chrono::seconds heartbeat{60};  // wished; the broker may want less. 0: none
  std::chrono::milliseconds timeout_connect{10'000};
  std::chrono::milliseconds timeout_broker{30'000};      // an answer to a request
  std::chrono::milliseconds timeout_disconnect{10'000};  // sending what waits, and the goodbye

  std::string connection_name;  // shown by the broker's tools
};

}  // namespace simplevisor::amqp
