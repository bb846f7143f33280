#include "workers/sarra/destinations.hpp"

#include <fmt/format.h>

namespace simplevisor::sarra {

std::string encoded_for_list(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '_' || c == '-' || c == '.';
    out += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return out;
}

std::string exchange_list(std::string_view name, bool declare) {
  return fmt::format("name={},type=topic,durable=true,declare={}", encoded_for_list(name), declare);
}

std::string destination_of_post(std::string_view exchange, std::string_view routing_key, bool declare) {
  if (!declare || exchange.empty())
    return fmt::format("/exchange/{}/{}", encoded_for_list(exchange), encoded_for_list(routing_key));
  return fmt::format("exchange={},routing_key={}", encoded_for_list(exchange_list(exchange, true)),
                     encoded_for_list(routing_key));
}

}  // namespace simplevisor::sarra
