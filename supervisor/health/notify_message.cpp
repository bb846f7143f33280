#include "supervisor/health/notify_message.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <limits>
#include <system_error>

namespace simplevisor::health {

namespace {

using std::chrono::microseconds;

// Longer than any timeout makes sense for, and far from where adding it to a time point would overflow.
constexpr microseconds longest = std::chrono::hours{24 * 366};
constexpr std::string_view replacement = "\xEF\xBF\xBD";  // U+FFFD

template <class Number>
std::optional<Number> parse_number(std::string_view text) {
  Number number{};
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, number);
  if (rest != end || text.empty()) return {};
  if (error == std::errc::result_out_of_range) return std::numeric_limits<Number>::max();
  if (error != std::errc{}) return {};
  return number;
}

std::optional<microseconds> parse_duration(std::string_view text) {
  const auto count = parse_number<std::uint64_t>(text);
  if (!count) return {};
  return microseconds{std::min<std::uint64_t>(*count, static_cast<std::uint64_t>(longest.count()))};
}

bool is_continuation(char byte) {
  return (static_cast<unsigned char>(byte) & 0xC0U) == 0x80U;
}

// The length of the well-formed UTF-8 character at the start of `text`, 0 if there is none (Unicode, table 3-7: no
// overlong forms, no surrogates, nothing above U+10FFFF).
std::size_t character_length(std::string_view text) {
  const auto first = static_cast<unsigned char>(text[0]);
  if (first < 0x80) return 1;
  const std::size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || text.size() < length) return 0;
  if (!std::ranges::all_of(text.substr(1, length - 1), is_continuation)) return 0;
  const auto second = static_cast<unsigned char>(text[1]);
  if (first == 0xE0 && second < 0xA0) return 0;
  if (first == 0xED && second > 0x9F) return 0;
  if (first == 0xF0 && second < 0x90) return 0;
  if (first == 0xF4 && second > 0x8F) return 0;
  return length;
}

bool is_control(std::string_view character) {
  const auto byte = static_cast<unsigned char>(character[0]);
  if (byte < 0x20 || byte == 0x7F) return true;
  // U+0080 .. U+009F: terminals obey those too.
  return byte == 0xC2 && static_cast<unsigned char>(character[1]) < 0xA0;
}

std::string clean(std::string_view text) {
  std::string cleaned;
  while (!text.empty()) {
    const std::size_t length = character_length(text);
    std::string_view character = text.substr(0, std::max<std::size_t>(length, 1));
    text.remove_prefix(character.size());
    if (character == "\t")
      character = " ";
    else if (length == 0 || is_control(character))
      character = replacement;
    if (cleaned.size() + character.size() > status_bytes_max) break;
    cleaned += character;
  }
  return cleaned;
}

void read_line(NotifyMessage& message, std::string_view line) {
  const std::size_t equals = line.find('=');
  if (equals == std::string_view::npos) return;
  const std::string_view name = line.substr(0, equals);
  const std::string_view value = line.substr(equals + 1);
  if (name == "READY")
    message.ready = value == "1";
  else if (name == "RELOADING")
    message.reloading = value == "1";
  else if (name == "STOPPING")
    message.stopping = value == "1";
  else if (name == "BARRIER")
    message.barrier = value == "1";
  else if (name == "STATUS")
    message.status = clean(value);
  else if (name == "WATCHDOG" && value == "1")
    message.watchdog = true;
  else if (name == "WATCHDOG" && value == "trigger")
    message.watchdog_trigger = true;
  else if (name == "ERRNO") {
    if (const auto number = parse_number<int>(value)) message.error = number;
  } else if (name == "WATCHDOG_USEC") {
    if (const auto time = parse_duration(value)) message.watchdog_period = time;
  } else if (name == "EXTEND_TIMEOUT_USEC") {
    if (const auto time = parse_duration(value)) message.extend_timeout = time;
  }
}

}  // namespace

NotifyMessage parse_notify(std::string_view datagram) {
  NotifyMessage message;
  while (!datagram.empty()) {
    const std::size_t end = std::min(datagram.find('\n'), datagram.size());
    read_line(message, datagram.substr(0, end));
    datagram.remove_prefix(std::min(end + 1, datagram.size()));
  }
  return message;
}

}  // namespace simplevisor::health
