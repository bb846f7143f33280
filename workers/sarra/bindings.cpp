#include "workers/sarra/bindings.hpp"

#include <fmt/format.h>

#include <array>
#include <boost/json.hpp>
#include <string_view>

#include "workers/service/nearest.hpp"

namespace simplevisor::sarra {
namespace {

namespace json = boost::json;
using Failed = std::unexpected<std::string>;

constexpr std::size_t bindings_max = 1000;
constexpr std::array<std::string_view, 3> keys{"exchange", "prefix", "subtopic"};

std::expected<std::vector<std::string>, std::string> texts_of(std::string_view key,
                                                              const json::value& value) {
  std::vector<std::string> texts;
  const auto take = [&](const json::value& one) {
    if (one.is_string()) texts.emplace_back(one.as_string());
    return one.is_string();
  };
  bool well = true;
  if (value.is_array()) {
    for (const json::value& one : value.as_array()) well = well && take(one);
  } else {
    well = take(value);
  }
  if (!well) return Failed(fmt::format("{} must be a text or a list of texts", key));
  return texts;
}

std::expected<Binding, std::string> of_text(std::string_view text) {
  const std::size_t colon = text.find(':');
  if (colon == 0 || colon == std::string_view::npos)
    return Failed(fmt::format("\"{}\" is not EXCHANGE:SUBTOPIC", text.substr(0, 100)));
  Binding made{.exchange = std::string{text.substr(0, colon)}};
  made.subtopics.emplace_back(text.substr(colon + 1));
  return made;
}

std::expected<Binding, std::string> of_table(const json::object& table) {
  Binding made;
  for (const auto& [key, value] : table) {
    if (key == "subtopic") {
      auto subtopics = texts_of(key, value);
      if (!subtopics) return Failed(std::move(subtopics).error());
      made.subtopics = *std::move(subtopics);
    } else if (key == "exchange" || key == "prefix") {
      if (!value.is_string()) return Failed(fmt::format("{} must be a text", std::string_view{key}));
      (key == "exchange" ? made.exchange : made.prefix) = value.as_string();
    } else {
      const std::string_view name = std::string_view{key}.substr(0, 100);
      return Failed(fmt::format("there is no key {}{}", name, service::did_you_mean(name, keys)));
    }
  }
  if (made.exchange.empty()) return Failed("a table without exchange");
  return made;
}

std::expected<Binding, std::string> binding_of(const json::value& value) {
  if (value.is_string()) return of_text(value.as_string());
  if (value.is_object()) return of_table(value.as_object());
  return Failed(
      "must be \"EXCHANGE:SUBTOPIC\", a table of exchange, subtopic and prefix, or a list of those");
}

}  // namespace

std::expected<std::vector<Binding>, std::string> parse_bindings(const json::value& value) {
  const json::array all = value.is_array() ? value.as_array() : json::array{value};
  if (all.size() > bindings_max) return Failed(fmt::format("more than {}", bindings_max));
  std::vector<Binding> bindings;
  for (const json::value& one : all) {
    auto binding = binding_of(one);
    if (!binding) return Failed(std::move(binding).error());
    bindings.push_back(*std::move(binding));
  }
  return bindings;
}

}  // namespace simplevisor::sarra
