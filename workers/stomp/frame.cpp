#include "workers/stomp/frame.hpp"

#include <algorithm>
#include <array>

namespace simplevisor::stomp {
namespace {

constexpr std::array<std::string_view, 3> versions{"1.0", "1.1", "1.2"};
constexpr std::array<std::string_view, 5> brokers{"unknown", "activemq", "apollo", "artemis", "rabbitmq"};

bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

// "session-" and 22 characters of URL-safe base64: what RabbitMQ calls its sessions, should it hide its name.
bool is_session_of_rabbitmq(std::string_view session) {
  constexpr std::string_view prefix = "session-";
  return session.starts_with(prefix) && session.size() == prefix.size() + 22 &&
         std::ranges::all_of(session.substr(prefix.size()), is_word);
}

}  // namespace

std::string_view name_of(Version version) noexcept {
  return versions[static_cast<std::size_t>(version)];
}

std::optional<Version> version_named(std::string_view name) noexcept {
  const auto* const found = std::ranges::find(versions, name);
  if (found == versions.end()) return std::nullopt;
  return static_cast<Version>(found - versions.begin());
}

std::string_view name_of(BrokerType type) noexcept {
  return brokers[static_cast<std::size_t>(type)];
}

std::optional<BrokerType> broker_type_named(std::string_view name) {
  std::string lower{name};
  for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  const auto* const found = std::ranges::find(brokers, std::string_view{lower});
  if (found == brokers.end()) return std::nullopt;
  return static_cast<BrokerType>(found - brokers.begin());
}

BrokerType broker_type_of(std::string_view server, std::string_view session) {
  if (server.starts_with("ActiveMQ-Artemis/")) return BrokerType::artemis;
  if (server.starts_with("ActiveMQ/")) return BrokerType::activemq;
  if (server.starts_with("apache-apollo/") || session.starts_with("apollo-")) return BrokerType::apollo;
  if (server.starts_with("RabbitMQ/") || is_session_of_rabbitmq(session)) return BrokerType::rabbitmq;
  return BrokerType::unknown;
}

const std::string* Frame::header(std::string_view name) const noexcept {
  const auto found = std::ranges::find(headers, name, &HeaderField::first);
  return found == headers.end() ? nullptr : &found->second;
}

std::string_view Frame::header_or(std::string_view name, std::string_view otherwise) const noexcept {
  const std::string* const value = header(name);
  return value == nullptr ? otherwise : std::string_view{*value};
}

}  // namespace simplevisor::stomp
