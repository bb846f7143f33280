// workers/stomp/options.hpp
//
// All that one connection to a STOMP broker can be told. Names are those of the options of a transfer agent without
// "incoming-broker-" and "outgoing-broker-".
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "workers/broker/credentials.hpp"
#include "workers/broker/tls.hpp"
#include "workers/broker/uri.hpp"
#include "workers/message/message.hpp"
#include "workers/stomp/convert.hpp"
#include "workers/stomp/frame.hpp"
#include "workers/stomp/trace.hpp"

namespace simplevisor::stomp {

struct HeartBeat {
  std::chrono::milliseconds client{40'000};  // timeout-client: we promise to be heard that often
  std::chrono::milliseconds server{10'000};  // timeout-server: we want to hear the broker that often
  std::chrono::milliseconds grace{1'000};    // beyond two of its periods, before the broker counts as dead
};

struct SocketOptions {
  bool keep_alive = true;
  std::optional<int> send_buffer_bytes;
  std::optional<int> receive_buffer_bytes;
};

struct Options {
  broker::Endpoint endpoint;  // Protocol::stomp
  broker::TlsOptions tls;     // for endpoints with TLS
  SocketOptions sockopts;
  std::optional<broker::Plain> login;  // login and passcode
  // More headers of CONNECT, and stronger than ours: host=%2F, accept-version=1.1.
  message::Header connect;
  std::optional<BrokerType> broker_type;  // instead of what CONNECTED tells
  std::optional<HeartBeat> heart_beat;

  std::optional<Trace> trace;

  bool reliable = false;
  Sending sending;  // how a message becomes a SEND

  // Headers of each SUBSCRIBE, of which only `destination` is needed; they are stronger than ours.
  std::vector<message::Header> subscribe;
  std::optional<std::uint32_t> prefetch;
  // Given, even empty: UNSUBSCRIBE before disconnecting; the i-th adds to what the i-th subscription needs.
  std::optional<std::vector<message::Header>> unsubscribe;

  std::optional<std::chrono::milliseconds> timeout_connect;  // name, TCP, TLS and CONNECTED together
  std::chrono::milliseconds timeout_connected{10'000};       // for CONNECTED, without the above
  // How long the broker may owe us a receipt and say nothing at all. Not needed where heart-beats watch.
  std::optional<std::chrono::milliseconds> timeout_broker;
  std::chrono::milliseconds timeout_flush{60'000};       // the last bytes, when disconnecting
  std::chrono::milliseconds timeout_disconnect{60'000};  // and then the broker's farewell

  std::size_t message_bytes_max = std::size_t{128} << 20;
  // What may wait to be sent; a message that comes on top of more is NotConfirmed.
  std::size_t write_bytes_max = std::size_t{256} << 20;
};

}  // namespace simplevisor::stomp
