// workers/dirq/name.cpp
#include "workers/dirq/name.hpp"

#include <algorithm>
#include <cassert>

namespace simplevisor::dirq {

namespace {

constexpr std::size_t directory_digits = 8;
constexpr std::size_t element_digits = 14;
constexpr std::string_view digits = "0123456789abcdef";
constexpr std::int8_t no_digit = -1;

// Listings of hundreds of thousands of names pass through this table.
constexpr std::array<std::int8_t, 256> digit_values = [] {
  std::array<std::int8_t, 256> values{};
  values.fill(no_digit);
  for (std::size_t i = 0; i < digits.size(); ++i) {
    values[static_cast<unsigned char>(digits[i])] = static_cast<std::int8_t>(i);
  }
  return values;
}();

std::optional<std::uint64_t> parse_digits(std::string_view text) noexcept {
  std::uint64_t value = 0;
  for (const char c : text) {
    const std::int8_t digit = digit_values[static_cast<unsigned char>(c)];
    if (digit == no_digit) return std::nullopt;
    value = value << 4U | static_cast<std::uint64_t>(digit);
  }
  return value;
}

void print_digits(std::uint64_t value, std::size_t count, char* to) noexcept {
  for (std::size_t i = count; i-- > 0; value >>= 4U) to[i] = digits[value & 15U];
}

}  // namespace

std::optional<std::uint32_t> parse_directory(std::string_view text) noexcept {
  if (text.size() != directory_digits) return std::nullopt;
  const auto value = parse_digits(text);
  if (!value) return std::nullopt;
  return static_cast<std::uint32_t>(*value);
}

std::optional<std::uint64_t> parse_element(std::string_view text) noexcept {
  if (text.size() != element_digits) return std::nullopt;
  return parse_digits(text);
}

std::optional<ElementName> ElementName::parse(std::string_view text) noexcept {
  if (text.size() != length || text[directory_digits] != '/') return std::nullopt;
  const auto directory = parse_directory(text.substr(0, directory_digits));
  const auto element = parse_element(text.substr(directory_digits + 1));
  if (!directory || !element) return std::nullopt;
  return ElementName{*directory, *element};
}

std::string ElementName::str() const {
  std::string text(length, '/');
  print_digits(directory, directory_digits, text.data());
  print_digits(element, element_digits, text.data() + directory_digits + 1);
  return text;
}

std::chrono::system_clock::time_point ElementName::time() const noexcept {
  const auto seconds = static_cast<std::int64_t>(element >> 24U);
  const auto microseconds = static_cast<std::int64_t>(element >> 4U & 0xFFFFFU);
  return std::chrono::system_clock::time_point(
      std::chrono::duration_cast<std::chrono::system_clock::duration>(
          std::chrono::seconds(seconds) + std::chrono::microseconds(microseconds)));
}

DirectoryText directory_text(std::uint32_t directory) noexcept {
  DirectoryText text{};
  print_digits(directory, directory_digits, text.data());
  return text;
}

ElementText element_text(std::uint64_t element, std::string_view suffix) noexcept {
  assert(suffix.size() <= 4);
  ElementText text{};
  print_digits(element, element_digits, text.data());
  std::copy(suffix.begin(), suffix.end(),
            text.data() + element_digits);  // memcpy may not be given a null suffix
  return text;
}

std::uint64_t element_at(std::int64_t seconds, std::uint32_t microseconds, unsigned rndhex) noexcept {
  // The seconds are 32 bits wide and wrap in 2106: a longer name would be no element any more.
  return (static_cast<std::uint64_t>(seconds) & 0xFFFFFFFFU) << 24U | std::uint64_t{microseconds} << 4U |
         (rndhex & 15U);
}

std::uint32_t directory_at(std::int64_t seconds, std::int64_t granularity) noexcept {
  return static_cast<std::uint32_t>(granularity > 1 ? seconds - seconds % granularity : seconds);
}

}  // namespace simplevisor::dirq
