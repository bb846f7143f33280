// supervisor/runtime/utf8.hpp
//
// Bytes that claim to be text: what of them is UTF-8, and the same as a string of JSON.
//
// Semantics  RFC 3629 (no overlong forms, surrogates or values above U+10FFFF); RFC 8259. What is not well-formed becomes
//            U+FFFD, byte by byte.
// Threads    pure functions.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <string>
#include <string_view>

namespace simplevisor::runtime {

// The number of bytes of the well-formed character at the start of `text`; 0 when there is none.
[[nodiscard]] std::size_t utf8_character(std::string_view text);
[[nodiscard]] bool is_utf8(std::string_view text);
// The same text with U+FFFD for each byte that is not part of a well-formed character.
[[nodiscard]] std::string clean_utf8(std::string_view text);

// How many bytes at the start of `text` stand for themselves in a string of JSON, in ASCII.
[[nodiscard]] std::size_t plain_json_bytes(std::string_view text);

// Appends `text` in quotes. `Buffer`: a std::string or one of fmt's.
template <class Buffer>
void append_json_string(Buffer& to, std::string_view text) {
  const auto append = [&to](std::string_view part) { to.append(part.data(), part.data() + part.size()); };
  to.push_back('"');
  for (;;) {
    // Most of most texts.
    const std::size_t plain = plain_json_bytes(text);
    append(text.substr(0, plain));
    text.remove_prefix(plain);
    if (text.empty()) break;
    const std::size_t length = utf8_character(text);
    const char c = text.front();
    const auto byte = static_cast<unsigned char>(c);
    if (length == 0) {
      append("\\ufffd");
    } else if (c == '"' || c == '\\') {
      to.push_back('\\');
      to.push_back(c);
    } else if (c == '\n') {
      append("\\n");
    } else if (c == '\t') {
      append("\\t");
    } else if (byte < 0x20 || byte == 0x7f) {
      fmt::format_to(std::back_inserter(to), "\\u{:04x}", byte);
    } else {
      append(text.substr(0, length));
    }
    text.remove_prefix(std::max<std::size_t>(1, length));
  }
  to.push_back('"');
}

}  // namespace simplevisor::runtime
