// workers/stomp/frame.hpp
//
// What STOMP is made of: versions, the brokers that speak it, and frames.
//
// Semantics  the STOMP 1.0, 1.1 and 1.2 specifications; where brokers differ from them, what RabbitMQ 3.10 and
//            ActiveMQ 5.17 do.
// Threads    plain values.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace simplevisor::stomp {

enum class Version : std::uint8_t { v1_0, v1_1, v1_2 };

[[nodiscard]] std::string_view name_of(Version version) noexcept;  // "1.2"
[[nodiscard]] std::optional<Version> version_named(std::string_view name) noexcept;

enum class BrokerType : std::uint8_t { unknown, activemq, apollo, artemis, rabbitmq };

[[nodiscard]] std::string_view name_of(BrokerType type) noexcept;
// As users write it, in any case: "rabbitmq", "activemq", "apollo", "artemis", "unknown".
[[nodiscard]] std::optional<BrokerType> broker_type_named(std::string_view name);
// By what CONNECTED says in its headers `server` and `session`.
[[nodiscard]] BrokerType broker_type_of(std::string_view server, std::string_view session);

// How headers are written on this connection.
struct Dialect {
  Version version = Version::v1_0;
  // RabbitMQ escapes by the rules of 1.1 in 1.0 sessions too, and closes the connection when we do not.
  bool escapes = false;

  [[nodiscard]] static Dialect of(Version version, BrokerType broker) noexcept {
    return {version, version != Version::v1_0 || broker == BrokerType::rabbitmq};
  }
};

using HeaderField = std::pair<std::string, std::string>;

struct Frame {
  std::string command;
  std::vector<HeaderField> headers;  // unescaped, as bytes, each name once
  std::string body;
  std::uint64_t body_bytes = 0;  // what the body had; more than body.size() when it was above the limit

  [[nodiscard]] const std::string* header(std::string_view name) const noexcept;
  [[nodiscard]] std::string_view header_or(std::string_view name, std::string_view otherwise) const noexcept;
  [[nodiscard]] bool truncated() const noexcept { return body_bytes > body.size(); }
};

}  // namespace simplevisor::stomp
