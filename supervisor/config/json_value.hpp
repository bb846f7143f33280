// supervisor/config/json_value.hpp
//
// TOML values as JSON, on one line. Dates and times become strings (RFC 3339); floats keep all their digits
// and stay floats. Infinities and NaN do not exist in JSON.
#pragma once

#include <toml++/toml.h>
#include <string>
#include <string_view>

namespace simplevisor::config {

// Appends; false when there is an infinity or a NaN in it. Depth is bounded before a file is parsed (nesting.hpp).
[[nodiscard]] bool append_json(std::string& json, const toml::node& node);

void append_json_string(std::string& json, std::string_view text);

}  // namespace simplevisor::config
