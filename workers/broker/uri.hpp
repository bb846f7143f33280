// workers/broker/uri.hpp
//
// Where a broker is: the URIs that users of stompclt and amqpclt write, as a list of endpoints.
//
// Forms      tcp|stomp|ssl|stomp+ssl://HOST:PORT                                STOMP
//            udp://HOST:PORT                                                    STOMP frames, sent and forgotten
//            amqp|amqps://[USER[:PASS]@]HOST[:5672|5671][/VHOST]                AMQP 0-9-1
//            failover:(URI,URI...)?OPTION=VALUE&...   or   failover:URI,URI...  all of one protocol, none of them udp
//            file:PATH                 one URI a line, "#" comments; a single line may be a failover
//            HOST may be an IPv6 address in brackets.
// AMQP       no path, "/" and "//" all mean the virtual host "/"; %XX is decoded in USER, PASS and VHOST. (By the
//            published rule "/" names the empty virtual host, which nobody has.)
// Bounds     64 KiB of URI or file, `endpoints_max` endpoints.
// Errors     Kind::configuration, naming the part that is wrong. What stands before an "@" is never repeated.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "workers/broker/failure.hpp"
#include "workers/broker/secret.hpp"

namespace simplevisor::broker {

inline constexpr std::size_t uri_bytes_max = std::size_t{64} << 10;
inline constexpr std::size_t endpoints_max = 64;

enum class Protocol : std::uint8_t { stomp, amqp, udp };

struct Endpoint {
  Protocol protocol = Protocol::stomp;
  bool tls = false;
  std::string host;
  std::uint16_t port = 0;
  // The rest is AMQP's.
  std::optional<std::string> user;
  Secret password;
  std::string virtual_host = "/";

  [[nodiscard]] std::string text() const;  // as a URI, without the password
  friend bool operator==(const Endpoint&, const Endpoint&) = default;
};

// How to go through the endpoints. The defaults are those of a failover URI, and serve a single endpoint as well.
struct Failover {
  bool randomize = true;
  std::chrono::milliseconds initial_delay{10};
  std::chrono::milliseconds delay_max{30'000};
  bool exponential = true;
  double multiplier = 2;
  std::optional<std::uint64_t> reconnects_max;  // n allows n + 1 tries; none: for ever

  friend bool operator==(const Failover&, const Failover&) = default;
};

struct Address {
  std::vector<Endpoint> endpoints;  // at least one, all of one protocol
  Failover failover;
};

// Reads a file only for "file:PATH".
[[nodiscard]] Result<Address> parse_address(std::string_view uri);

// %XX undone; nothing for a "%" that does not begin two hex digits.
[[nodiscard]] std::optional<std::string> percent_decoded(std::string_view text);

// `text` as it may be shown in a message: shortened, control characters replaced, and everything before an "@" masked.
[[nodiscard]] std::string presentable_uri(std::string_view text);

}  // namespace simplevisor::broker
