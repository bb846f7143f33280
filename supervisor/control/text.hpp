// supervisor/control/text.hpp
//
// Text that comes from outside, made safe: UTF-8 and the percent code of URLs.
//
// Semantics  RFC 3629 (no overlong forms, surrogates or values above U+10FFFF) and RFC 3986.
// Threads    pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace simplevisor::control {

// The number of bytes of the well-formed character at the start of `text`; 0 when there is none.
std::size_t utf8_character(std::string_view text);
bool is_utf8(std::string_view text);
// The same text with U+FFFD for each byte that is not part of a well-formed character.
std::string clean_utf8(std::string_view text);

// nullopt when a % is not followed by two hexadecimal digits.
std::optional<std::string> percent_decoded(std::string_view text);
// Everything but unreserved characters and "/" is encoded: fit for the value of a query parameter.
std::string percent_encoded(std::string_view text);

}  // namespace simplevisor::control
