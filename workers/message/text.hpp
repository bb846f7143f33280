// workers/message/text.hpp
//
// The three small text encodings a serialised message is made of: UTF-8, base64 and JSON strings.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "workers/message/error.hpp"

namespace simplevisor::message {

// Where strict UTF-8 ends in `bytes`: no overlong forms, no surrogates, nothing above U+10FFFF. Nothing when
// all of it is UTF-8.
[[nodiscard]] std::optional<std::size_t> first_invalid_utf8(std::string_view bytes) noexcept;

// How many bytes from the given one on are printable ASCII without quote and backslash: what JSON writes as it is, and most bodies
// are made of.
[[nodiscard]] std::size_t plain_run(std::string_view bytes, std::size_t from) noexcept;

// Code points in valid UTF-8; of other bytes, those that do not continue a character.
[[nodiscard]] std::size_t code_points(std::string_view utf8) noexcept;

// Standard alphabet, padded, no line breaks.
[[nodiscard]] std::string base64(std::string_view bytes);
[[nodiscard]] constexpr std::size_t base64_size(std::size_t bytes) noexcept {
  return (bytes + 2) / 3 * 4;
}

// Strict: whole groups of four, no foreign character, padding only at the end. Bits that the padding leaves
// over are ignored, as both reference readers do.
[[nodiscard]] Result<std::string> base64_decoded(std::string_view text);

// Appends `utf8`, which must be valid, as a JSON string with its quotes: raw UTF-8, control characters
// escaped.
void append_json_string(std::string& out, std::string_view utf8);

}  // namespace simplevisor::message
