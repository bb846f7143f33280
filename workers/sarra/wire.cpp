#include "workers/sarra/wire.hpp"

#include "workers/sarra/wire_v02.hpp"

namespace simplevisor::sarra {
namespace {

std::string_view type_of(const message::Message& message) {
  const auto found = message.header.find("content-type");
  if (found == message.header.end()) return {};
  std::string_view type = found->second;
  type = type.substr(0, type.find(';'));
  while (type.ends_with(' ')) type.remove_suffix(1);
  return type;
}

}  // namespace

std::expected<Received, Undecodable> decode(const message::Message& message) {
  const std::string_view type = type_of(message);
  if (type == "application/geo+json") return std::unexpected(Undecodable{true, "a WIS notification"});
  const bool old = type == "text/plain" ||
                   (type != "application/json" && message.body.substr(0, 5).find('{') == std::string::npos);
  auto decoded = old ? decode_v02(message.header, message.body) : decode_v03(message.body);
  if (!decoded) return std::unexpected(Undecodable{false, (old ? "v02: " : "v03: ") + decoded.error()});
  return Received{*std::move(decoded), old ? Format::v02 : Format::v03};
}

std::expected<message::Message, std::string> encode(const Announcement& announcement, Format format) {
  auto message = format == Format::v02 ? encode_v02(announcement)
                                       : std::expected<message::Message, std::string>{
                                             message::Message{{}, encode_v03(announcement), true}};
  if (!message) return message;
  message->header["content-type"] = format == Format::v02 ? "text/plain" : "application/json";
  message->header["content-encoding"] = "utf-8";
  message->header["persistent"] = "true";
  return message;
}

}  // namespace simplevisor::sarra
