// tests/conformance/fields.hpp
//
// The fields of a scenario, read strictly: what docs/otp-scenarios.md does not allow is refused, with the name of
// the field, instead of being taken for something else.
//
// Errors  std::invalid_argument, with one line for people.
#pragma once

#include <boost/json.hpp>
#include <cstdint>
#include <initializer_list>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace simplevisor::conformance {

namespace json = boost::json;

// Far beyond any scenario, and far from where a sum of such numbers would overflow.
inline constexpr std::int64_t number_max = 1'000'000'000'000;

[[noreturn]] inline void refuse(std::string_view field, std::string_view what) {
  throw std::invalid_argument(std::string(field) + ": " + std::string(what));
}

inline const json::value& required(const json::object& object, std::string_view field) {
  const json::value* value = object.if_contains(field);
  if (!value) refuse(field, "missing");
  return *value;
}

inline const json::object& object_of(const json::value& value, std::string_view field) {
  const json::object* object = value.if_object();
  if (!object) refuse(field, "not an object");
  return *object;
}

inline const json::array& array_of(const json::value& value, std::string_view field) {
  const json::array* array = value.if_array();
  if (!array) refuse(field, "not a list");
  return *array;
}

inline std::string text_of(const json::value& value, std::string_view field) {
  const json::string* text = value.if_string();
  if (!text) refuse(field, "not a string");
  return std::string(*text);
}

inline std::string text(const json::object& object, std::string_view field) {
  return text_of(required(object, field), field);
}

inline std::string text(const json::object& object, std::string_view field, std::string_view otherwise) {
  const json::value* value = object.if_contains(field);
  return value ? text_of(*value, field) : std::string(otherwise);
}

inline bool truth(const json::object& object, std::string_view field) {
  const json::value* value = object.if_contains(field);
  if (value && !value->is_bool()) refuse(field, "not true or false");
  return value && value->as_bool();
}

inline std::int64_t number_of(const json::value& value, std::string_view field, std::int64_t min) {
  json::error_code ec;
  const auto number = value.to_number<std::int64_t>(ec);
  if (ec || number < min || number > number_max)
    refuse(field, "not a whole number from " + std::to_string(min) + " to " + std::to_string(number_max));
  return number;
}

template <class Enum>
Enum word(const std::string& value, std::initializer_list<std::pair<std::string_view, Enum>> words) {
  for (const auto& [name, meaning] : words) {
    if (name == value) return meaning;
  }
  throw std::invalid_argument("unknown word: " + value);
}

}  // namespace simplevisor::conformance
