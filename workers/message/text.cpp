#include "workers/message/text.hpp"

#include <fmt/format.h>

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>

namespace simplevisor::message {
namespace {

constexpr std::string_view base64_alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::uint8_t foreign = 0xFF;

constexpr auto base64_values = [] {
  std::array<std::uint8_t, 256> values{};
  values.fill(foreign);
  for (std::size_t i = 0; i < base64_alphabet.size(); ++i) {
    values[static_cast<std::uint8_t>(base64_alphabet[i])] = static_cast<std::uint8_t>(i);
  }
  return values;
}();

constexpr std::uint8_t byte_at(std::string_view bytes, std::size_t i) {
  return static_cast<std::uint8_t>(bytes[i]);
}

// The range the second byte of a character must be in, which is where overlong forms, surrogates and code
// points above U+10FFFF show, and how many bytes the character has. Zero: no character starts so.
struct Lead {
  std::size_t size;
  std::uint8_t second_min;
  std::uint8_t second_max;
};

constexpr Lead lead_of(std::uint8_t byte) {
  if (byte < 0x80) return {1, 0, 0};
  if (byte < 0xC2) return {0, 0, 0};
  if (byte < 0xE0) return {2, 0x80, 0xBF};
  if (byte == 0xE0) return {3, 0xA0, 0xBF};
  if (byte == 0xED) return {3, 0x80, 0x9F};
  if (byte < 0xF0) return {3, 0x80, 0xBF};
  if (byte == 0xF0) return {4, 0x90, 0xBF};
  if (byte < 0xF4) return {4, 0x80, 0xBF};
  if (byte == 0xF4) return {4, 0x80, 0x8F};
  return {0, 0, 0};
}

constexpr bool continues(std::uint8_t byte) {
  return (byte & 0xC0U) == 0x80U;
}

constexpr bool is_plain(std::uint8_t byte) {
  return byte >= 0x20 && byte <= 0x7E && byte != '"' && byte != '\\';
}

// How many of the eight bytes before the first that is not plain. What a subtraction borrows, or an addition carries, only
// disturbs bytes behind one that is not plain already.
unsigned plain_bytes(std::uint64_t word) {
  constexpr std::uint64_t each = 0x0101010101010101U;
  constexpr std::uint64_t highest_bits = 0x80 * each;
  const auto equal_to = [word](char c) {
    const std::uint64_t zero_if = word ^ static_cast<std::uint8_t>(c) * each;
    return (zero_if - each) & ~zero_if;
  };
  const std::uint64_t above = word | (word + each);
  const std::uint64_t below = (word - 0x20 * each) & ~word;
  const std::uint64_t marks = (above | below | equal_to('"') | equal_to('\\')) & highest_bits;
  return static_cast<unsigned>(std::countr_zero(marks)) / 8;
}

bool is_character(std::string_view bytes, std::size_t at, const Lead& lead) {
  if (lead.size == 0 || bytes.size() - at < lead.size) return false;
  if (lead.size == 1) return true;
  const std::uint8_t second = byte_at(bytes, at + 1);
  if (second < lead.second_min || second > lead.second_max) return false;
  for (std::size_t i = 2; i < lead.size; ++i) {
    if (!continues(byte_at(bytes, at + i))) return false;
  }
  return true;
}

}  // namespace

std::optional<std::size_t> first_invalid_utf8(std::string_view bytes) noexcept {
  for (std::size_t at = plain_run(bytes, 0); at < bytes.size();) {
    const Lead lead = lead_of(byte_at(bytes, at));
    if (!is_character(bytes, at, lead)) return at;
    at += lead.size;
    if (lead.size == 1) at += plain_run(bytes, at);
  }
  return std::nullopt;
}

std::size_t plain_run(std::string_view bytes, std::size_t from) noexcept {
  std::size_t at = from;
  if constexpr (std::endian::native == std::endian::little) {
    constexpr std::size_t word_bytes = sizeof(std::uint64_t);
    for (unsigned plain = word_bytes; plain == word_bytes && bytes.size() - at >= word_bytes; at += plain) {
      std::uint64_t word = 0;
      std::memcpy(&word, bytes.data() + at, word_bytes);
      plain = plain_bytes(word);
    }
  }
  while (at < bytes.size() && is_plain(byte_at(bytes, at))) ++at;
  return at - from;
}

std::size_t code_points(std::string_view utf8) noexcept {
  std::size_t count = 0;
  for (const char c : utf8) count += continues(static_cast<std::uint8_t>(c)) ? 0 : 1;
  return count;
}

std::string base64(std::string_view bytes) {
  std::string out;
  out.reserve(base64_size(bytes.size()));
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    const std::size_t have = std::min<std::size_t>(3, bytes.size() - at);
    std::uint32_t group = 0;
    for (std::size_t i = 0; i < 3; ++i) group = group << 8U | (i < have ? byte_at(bytes, at + i) : 0U);
    for (std::size_t i = 0; i < 4; ++i) {
      out += i <= have ? base64_alphabet[group >> (18U - 6U * i) & 0x3FU] : '=';
    }
  }
  return out;
}

Result<std::string> base64_decoded(std::string_view text) {
  if (text.size() % 4 != 0) {
    return std::unexpected(
        Malformed{fmt::format("base64 of {} characters is not whole groups of four", text.size()), {}});
  }
  std::size_t padding = 0;
  while (padding < 2 && padding < text.size() && text[text.size() - 1 - padding] == '=') ++padding;
  const std::string_view digits = text.substr(0, text.size() - padding);

  std::string out;
  out.reserve(text.size() / 4 * 3);
  std::uint32_t group = 0;
  unsigned bits = 0;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    const std::uint8_t value = base64_values[byte_at(digits, i)];
    if (value == foreign) {
      return std::unexpected(Malformed{fmt::format("base64 has a foreign character at position {}", i), {}});
    }
    group = (group << 6U | value) & 0xFFFFFFU;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      out += static_cast<char>(group >> bits & 0xFFU);
    }
  }
  return out;
}

void append_json_string(std::string& out, std::string_view utf8) {
  out += '"';
  std::size_t plain = 0;  // where the run that needs no escape began
  for (std::size_t i = plain_run(utf8, 0); i < utf8.size(); i += 1 + plain_run(utf8, i + 1)) {
    const std::uint8_t c = byte_at(utf8, i);
    if (c >= 0x20 && c != '"' && c != '\\') continue;
    out.append(utf8, plain, i - plain);
    plain = i + 1;
    switch (c) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\b':
        out += "\\b";
        break;
      case '\f':
        out += "\\f";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      default:
        fmt::format_to(std::back_inserter(out), "\\u{:04x}", c);
    }
  }
  out.append(utf8, plain);
  out += '"';
}

}  // namespace simplevisor::message
