#include "supervisor/cli/top/fit.hpp"

#include <algorithm>
#include <cwchar>

#include "supervisor/runtime/utf8.hpp"

namespace simplevisor::cli::live {
namespace {

struct Character {
  std::string_view bytes;
  std::size_t width = 1;
  bool shown = true;  // the locale can show it
};

char32_t code_point(std::string_view bytes) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
  if (bytes.size() < 2) return bytes.empty() ? 0 : byte(0);
  char32_t code = byte(0) & (0x7Fu >> bytes.size());
  for (std::size_t i = 1; i < bytes.size(); ++i) code = (code << 6u) | (byte(i) & 0x3Fu);
  return code;
}

// Takes the first character off.
Character take(std::string_view& text) {
  const std::size_t length = std::max<std::size_t>(1, runtime::utf8_character(text));
  const std::string_view bytes = text.substr(0, length);
  text.remove_prefix(length);
  const int width = ::wcwidth(static_cast<wchar_t>(code_point(bytes)));
  if (width < 0) return {bytes, 1, false};
  return {bytes, static_cast<std::size_t>(width), true};
}

}  // namespace

std::size_t width_of(std::string_view text) {
  std::size_t width = 0;
  while (!text.empty()) width += take(text).width;
  return width;
}

std::string fit(std::string_view text, std::size_t columns, bool right) {
  std::string fitted;
  std::size_t width = 0;
  while (!text.empty()) {
    const Character next = take(text);
    if (width + next.width > columns) break;
    width += next.width;
    fitted += next.shown ? next.bytes : "?";
  }
  const std::string space(columns - width, ' ');
  return right ? space + fitted : fitted + space;
}

std::string end_of(std::string_view text, std::size_t columns) {
  std::size_t surplus = width_of(text);
  while (surplus > columns) surplus -= take(text).width;
  return std::string(text);
}

std::string ascii(std::string_view text) {
  std::string plain;
  while (!text.empty()) {
    const Character next = take(text);
    plain += next.bytes.size() == 1 ? next.bytes : "?";
  }
  return plain;
}

std::string utf8_of(char32_t character) {
  const auto tail = [&](unsigned shift) { return static_cast<char>(0x80u | ((character >> shift) & 0x3Fu)); };
  if (character < 0x80) return {static_cast<char>(character)};
  if (character < 0x800) return {static_cast<char>(0xC0u | (character >> 6u)), tail(0)};
  if (character < 0x10000) return {static_cast<char>(0xE0u | (character >> 12u)), tail(6), tail(0)};
  return {static_cast<char>(0xF0u | (character >> 18u)), tail(12), tail(6), tail(0)};
}

}  // namespace simplevisor::cli::live
