// supervisor/config/value_reader.cpp
#include "supervisor/config/value_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "supervisor/config/units.hpp"

namespace simplevisor::config {
namespace {

constexpr std::size_t string_bytes_max = 131'071;  // what execve takes of one argument
constexpr std::size_t elements_max = 100'000;

template <class T>
std::optional<Value> as_value(std::optional<T> value) {
  if (!value) return std::nullopt;
  return Value{*std::move(value)};
}

}  // namespace

std::string listed(std::span<const Choice> choices, std::string_view others) {
  std::string text;
  for (std::size_t i = 0; i < choices.size(); ++i) {
    const bool last = i + 1 == choices.size() && others.empty();
    if (i != 0) text += last ? " or " : ", ";
    text += fmt::format("\"{}\"", choices[i].name);
  }
  if (!others.empty()) text += fmt::format(" or {}", others);
  return text;
}

std::optional<Value> ValueReader::read(const toml::node& node) {
  switch (key_.form) {
    case Form::boolean:
      return boolean(node);
    case Form::integer:
      return as_value(integer(node));
    case Form::number:
      return number(node);
    case Form::duration:
      return as_value(duration(node));
    case Form::size:
      return as_value(size(node));
    case Form::choice:
      return choice(node);
    case Form::text:
    case Form::path:
      return as_value(text(node, path_, Empty::refused));
    case Form::node_name:
      return as_value(node_name(node, path_));
    case Form::words:
    case Form::node_names:
    case Form::globs:
      return words(node, key_.form);
    case Form::environment:
      return environment(node);
    case Form::anything:
      return anything(node);
    case Form::shutdown:
      return shutdown(node);
    case Form::output:
      return output(node);
    case Form::umask:
      return umask(node);
    case Form::signal:
      return signal(node);
    case Form::instances:
      return instances(node);
    case Form::limit_bytes:
    case Form::limit_count:
      return limit(node);
    case Form::section:
      break;  // read_section() goes into it
  }
  return std::nullopt;
}

std::nullopt_t ValueReader::complain(const toml::node& node, std::string message, std::string_view nearest) {
  return complain(node, path_, std::move(message), nearest);
}

std::nullopt_t ValueReader::complain(const toml::node& node, const KeyPath& path, std::string message,
                                     std::string_view nearest) {
  reading_.report.add(reading_.at(node.source()), path.text(), std::move(message), nearest);
  return std::nullopt;
}

std::nullopt_t ValueReader::wrong_type(const toml::node& node, const KeyPath& path, std::string_view wanted) {
  return complain(node, path, fmt::format("must be {}, not {}", wanted, type_text(node)));
}

std::nullopt_t ValueReader::wrong_choice(const toml::node& node, std::string_view given,
                                         std::string_view others) {
  std::vector<std::string_view> names;
  for (const Choice& choice : key_.choices) names.push_back(choice.name);
  return complain(node, fmt::format("must be {}", listed(key_.choices, others)),
                  reading_.report.spelling.nearest(given, names));
}

std::optional<Value> ValueReader::boolean(const toml::node& node) {
  if (const auto* value = node.as_boolean()) return value->get();
  return wrong_type(node, path_, "true or false");
}

std::optional<std::int64_t> ValueReader::integer(const toml::node& node) {
  const auto* value = node.as_integer();
  if (value == nullptr) return wrong_type(node, path_, "an integer");
  if (value->get() < key_.min || value->get() > key_.max) {
    return complain(node, fmt::format("must be {} to {}, not {}", key_.min, key_.max, value->get()));
  }
  return value->get();
}

std::optional<Value> ValueReader::number(const toml::node& node) {
  double value = 0;
  if (const auto* integer = node.as_integer()) {
    value = static_cast<double>(integer->get());
  } else if (const auto* real = node.as_floating_point()) {
    value = real->get();
  } else {
    return wrong_type(node, path_, "a number");
  }
  // Written so that NaN, which compares false with everything, is refused.
  const bool within = value >= static_cast<double>(key_.min) && value <= static_cast<double>(key_.max);
  if (!within) return complain(node, fmt::format("must be {} to {}, not {}", key_.min, key_.max, value));
  return value;
}

std::optional<Milliseconds> ValueReader::duration(const toml::node& node) {
  Milliseconds value{0};
  if (const auto* given = node.as_string()) {
    const auto parsed = parse_duration(given->get());
    if (!parsed) return complain(node, parsed.error());
    value = *parsed;
  } else if (const auto* number = node.as_integer()) {
    if (number->get() != 0)
      return complain(node, fmt::format("a duration needs a unit: \"{}s\"?", number->get()));
  } else {
    return wrong_type(node, path_, "a duration (such as \"20s\")");
  }
  if (value < Milliseconds{key_.min} || value > Milliseconds{key_.max}) {
    return complain(node, fmt::format("must be {} to {}, not {}", duration_text(Milliseconds{key_.min}),
                                      duration_text(Milliseconds{key_.max}), duration_text(value)));
  }
  return value;
}

std::optional<std::int64_t> ValueReader::size(const toml::node& node) {
  std::uint64_t value = 0;
  if (const auto* given = node.as_string()) {
    const auto parsed = parse_size(given->get());
    if (!parsed) return complain(node, parsed.error());
    value = *parsed;
  } else if (const auto* number = node.as_integer()) {
    if (number->get() != 0)
      return complain(node, fmt::format("a size needs a unit: \"{}B\"?", number->get()));
  } else {
    return wrong_type(node, path_, "a size (such as \"10MiB\")");
  }
  if (value < static_cast<std::uint64_t>(key_.min) || value > static_cast<std::uint64_t>(key_.max)) {
    return complain(node,
                    fmt::format("must be {} to {}, not {}", size_text(static_cast<std::uint64_t>(key_.min)),
                                size_text(static_cast<std::uint64_t>(key_.max)), size_text(value)));
  }
  return static_cast<std::int64_t>(value);
}

std::optional<Value> ValueReader::choice(const toml::node& node) {
  const auto* given = node.as_string();
  if (given == nullptr) return wrong_type(node, path_, listed(key_.choices));
  const auto found = std::ranges::find(key_.choices, std::string_view{given->get()}, &Choice::name);
  if (found == key_.choices.end()) return wrong_choice(node, given->get(), {});
  return found->value;
}

std::optional<Text> ValueReader::text(const toml::node& node, const KeyPath& path, Empty empty) {
  const auto* given = node.as_string();
  if (given == nullptr) return wrong_type(node, path, "a string");
  const std::string& value = given->get();
  if (value.empty() && empty == Empty::refused) return complain(node, path, "must not be empty");
  if (value.contains('\0')) return complain(node, path, "contains a NUL character");
  if (value.size() > string_bytes_max) {
    return complain(node, path, fmt::format("longer than {} bytes", string_bytes_max));
  }
  return Text{value, reading_.at(node.source())};
}

std::optional<Text> ValueReader::node_name(const toml::node& node, const KeyPath& path) {
  auto name = text(node, path, Empty::refused);
  if (!name || is_node_name(name->text)) return name;
  return complain(node, path, std::string{node_name_rule});
}

std::optional<Value> ValueReader::words(const toml::node& node, Form form) {
  const toml::array* array = node.as_array();
  if (array == nullptr) {
    const bool command = form == Form::words && node.is_string();
    return wrong_type(node, path_,
                      command ? "an array of strings, program and arguments" : "an array of strings");
  }
  if (array->empty() && form == Form::words) return complain(node, "must not be empty");
  if (array->size() > elements_max) return complain(node, fmt::format("more than {} elements", elements_max));
  std::vector<Text> all;
  all.reserve(array->size());
  bool good = true;
  for (std::size_t i = 0; i < array->size(); ++i) {
    const toml::node& element = *array->get(i);
    const KeyPath path{&path_, {}, static_cast<std::ptrdiff_t>(i)};
    // An argument may be empty, the program cannot.
    const Empty empty = form == Form::words && i > 0 ? Empty::allowed : Empty::refused;
    auto word = form == Form::node_names ? node_name(element, path) : text(element, path, empty);
    if (word) {
      all.push_back(*std::move(word));
    } else {
      good = false;
      all.emplace_back();  // later elements keep their numbers
    }
  }
  // Half a command is none, but children that can be read are not to be missed elsewhere as well.
  if (!good && form == Form::words) return std::nullopt;
  return Value{std::move(all)};
}

}  // namespace simplevisor::config
