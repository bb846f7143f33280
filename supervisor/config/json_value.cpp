// supervisor/config/json_value.cpp
#include "supervisor/config/json_value.hpp"

#include <fmt/format.h>

#include <cmath>
#include <sstream>

namespace simplevisor::config {
namespace {

bool append_array(std::string& json, const toml::array& array) {
  json += '[';
  bool first = true;
  for (const toml::node& element : array) {
    if (!first) json += ',';
    first = false;
    if (!append_json(json, element)) return false;
  }
  json += ']';
  return true;
}

bool append_table(std::string& json, const toml::table& table) {
  json += '{';
  bool first = true;
  for (const auto& [key, value] : table) {
    if (!first) json += ',';
    first = false;
    append_json_string(json, key.str());
    json += ':';
    if (!append_json(json, value)) return false;
  }
  json += '}';
  return true;
}

bool append_float(std::string& json, double value) {
  if (!std::isfinite(value)) return false;
  const std::string digits = fmt::format("{}", value);
  json += digits;
  if (digits.find_first_of(".e") == std::string::npos) json += ".0";
  return true;
}

template <class Value>
void append_printed(std::string& json, const Value& value) {
  std::ostringstream text;
  text << value;
  append_json_string(json, text.str());
}

}  // namespace

void append_json_string(std::string& json, std::string_view text) {
  json += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      json += '\\';
      json += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      json += fmt::format("\\u{:04x}", c);
    } else {
      json += c;
    }
  }
  json += '"';
}

bool append_json(std::string& json, const toml::node& node) {
  switch (node.type()) {
    case toml::node_type::table:
      return append_table(json, *node.as_table());
    case toml::node_type::array:
      return append_array(json, *node.as_array());
    case toml::node_type::string:
      append_json_string(json, node.as_string()->get());
      return true;
    case toml::node_type::integer:
      json += fmt::format("{}", node.as_integer()->get());
      return true;
    case toml::node_type::floating_point:
      return append_float(json, node.as_floating_point()->get());
    case toml::node_type::boolean:
      json += node.as_boolean()->get() ? "true" : "false";
      return true;
    case toml::node_type::date:
      append_printed(json, node.as_date()->get());
      return true;
    case toml::node_type::time:
      append_printed(json, node.as_time()->get());
      return true;
    case toml::node_type::date_time:
      append_printed(json, node.as_date_time()->get());
      return true;
    case toml::node_type::none:
      break;
  }
  return false;
}

}  // namespace simplevisor::config
