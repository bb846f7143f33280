#include "workers/sarra/content.hpp"

#include <fmt/format.h>

#include <charconv>
#include <utility>

#include "workers/message/text.hpp"

namespace simplevisor::sarra {
namespace {

// UTF-8 as the bytes that ISO-8859-1 has for it.
std::optional<std::string> latin1(std::string_view text) {
  std::string bytes;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte < 0x80) {
      bytes += text[i];
      continue;
    }
    if ((byte != 0xC2 && byte != 0xC3) || i + 1 == text.size()) return std::nullopt;
    bytes += static_cast<char>((byte & 3U) << 6U | (static_cast<unsigned char>(text[++i]) & 0x3FU));
  }
  return bytes;
}

}  // namespace

std::expected<std::string, std::string> data_of(const Content& content) {
  if (content.encoding == "utf-8") return content.value;
  if (content.encoding == "base64") {
    std::string text = content.value;
    std::erase(text, '\n');  // Python's encoder breaks lines
    auto bytes = message::base64_decoded(text);
    if (!bytes) return std::unexpected(fmt::format("content: {}", bytes.error().text()));
    return *std::move(bytes);
  }
  if (content.encoding == "iso-8859-1") {
    if (auto bytes = latin1(content.value)) return *std::move(bytes);
    return std::unexpected<std::string>("content: a character that ISO-8859-1 does not have");
  }
  return std::unexpected(fmt::format("content: unknown encoding \"{}\"", content.encoding.substr(0, 40)));
}

std::optional<mode_t> mode_of(const Announcement& announcement) {
  if (!announcement.mode) return std::nullopt;
  unsigned mode = 0;
  const std::string& text = *announcement.mode;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), mode, 8);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return static_cast<mode_t>(mode);
}

}  // namespace simplevisor::sarra
