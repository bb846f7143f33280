#include "workers/transfer/settings_files.hpp"

#include <fmt/format.h>

#include <toml++/toml.h>
#include <algorithm>
#include <boost/json.hpp>

#include "supervisor/config/nesting.hpp"
#include "workers/service/small_file.hpp"
#include "workers/transfer/config_general.hpp"

namespace simplevisor::transfer {
namespace {

namespace json = boost::json;

constexpr std::size_t file_bytes_max = 1 << 20;
constexpr std::size_t depth_max = 32;
constexpr std::string_view programs[] = {"simplevisor-transfer", "stompclt", "amqpclt"};

std::expected<std::string, std::string> content_of(const std::string& path) {
  auto text = service::read_small_file(path, file_bytes_max);
  if (!text) return std::unexpected(fmt::format("{}: {}", path, text.error()));
  return text;
}

json::value json_of(const toml::node& node, std::size_t depth) {
  if (depth > depth_max) return nullptr;
  if (const auto* table = node.as_table()) {
    json::object object;
    for (const auto& [key, value] : *table) object[std::string_view{key.str()}] = json_of(value, depth + 1);
    return object;
  }
  if (const auto* array = node.as_array()) {
    json::array values;
    for (const auto& value : *array) values.push_back(json_of(value, depth + 1));
    return values;
  }
  if (const auto* text = node.as_string()) return json::string{text->get()};
  if (const auto* number = node.as_integer()) return number->get();
  if (const auto* number = node.as_floating_point()) return number->get();
  if (const auto* boolean = node.as_boolean()) return boolean->get();
  return nullptr;  // dates and times, which no setting is
}

// All may be within one table that is named after the program, or after those that these files were written for.
json::object unwrapped(json::object object) {
  if (object.size() != 1 ||
      std::ranges::find(programs, std::string_view{object.begin()->key()}) == std::end(programs) ||
      !object.begin()->value().is_object())
    return object;
  return std::move(object.begin()->value().as_object());
}

}  // namespace

std::expected<json::object, std::string> parse_toml(const std::string& text, const std::string& path) {
  if (const auto place = config::too_deep(text)) {
    return std::unexpected(fmt::format("{}:{}:{}: nested more than {} deep", path, place->line, place->column,
                                       config::nesting_max));
  }
  try {
    const toml::table table = toml::parse(text, path);
    return unwrapped(json_of(table, 0).as_object());
  } catch (const toml::parse_error& error) {
    const auto& at = error.source().begin;
    return std::unexpected(fmt::format("{}:{}:{}: {}", path, at.line, at.column, error.description()));
  }
}

std::expected<json::object, std::string> read_json_file(const std::string& path) {
  const auto text = content_of(path);
  if (!text) return std::unexpected(text.error());
  json::error_code error;
  json::parse_options options;
  options.max_depth = depth_max;
  json::value value = json::parse(*text, error, {}, options);
  if (error) return std::unexpected(fmt::format("{}: not JSON: {}", path, error.message()));
  if (!value.is_object()) return std::unexpected(fmt::format("{}: not a JSON object", path));
  return unwrapped(std::move(value.as_object()));
}

std::expected<json::object, std::string> read_settings_file(const std::string& path) {
  if (path.ends_with(".json")) return read_json_file(path);
  const auto text = content_of(path);
  if (!text) return std::unexpected(text.error());
  if (path.ends_with(".toml")) return parse_toml(*text, path);
  auto parsed = parse_config_general(*text, path, content_of);
  if (!parsed) return std::unexpected(std::move(parsed).error());
  return unwrapped(*std::move(parsed));
}

}  // namespace simplevisor::transfer
