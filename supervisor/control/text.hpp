// supervisor/control/text.hpp
//
// Text that comes from outside, made safe: UTF-8 (runtime/utf8.hpp) and the percent code of URLs.
//
// Semantics  RFC 3986.
// Threads    pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "supervisor/runtime/utf8.hpp"

namespace simplevisor::control {

using runtime::clean_utf8;
using runtime::is_utf8;
using runtime::utf8_character;

// nullopt when a % is not followed by two hexadecimal digits.
std::optional<std::string> percent_decoded(std::string_view text);
// Everything but unreserved characters and "/" is encoded: fit for the value of a query parameter.
std::string percent_encoded(std::string_view text);

}  // namespace simplevisor::control
