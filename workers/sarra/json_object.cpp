#include "workers/sarra/json_object.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

namespace simplevisor::sarra {
namespace {

namespace json = boost::json;

// Walks over text that is known to be one well-formed JSON object, so that nothing needs to be checked twice.
class Walk {
 public:
  explicit Walk(std::string_view text) : text_{text} {}

  void skip_blanks() {
    while (position_ < text_.size() &&
           std::string_view{" \t\r\n,:"}.find(text_[position_]) != std::string_view::npos) {
      ++position_;
    }
  }
  [[nodiscard]] bool at(char c) const { return position_ < text_.size() && text_[position_] == c; }
  void step() { ++position_; }

  std::string_view value() {
    const std::size_t begin = position_;
    if (at('"')) {
      skip_string();
    } else if (at('{') || at('[')) {
      skip_nested();
    } else {
      while (position_ < text_.size() &&
             std::string_view{" \t\r\n,}]"}.find(text_[position_]) == std::string_view::npos) {
        ++position_;
      }
    }
    return text_.substr(begin, position_ - begin);
  }

 private:
  void skip_string() {
    for (++position_; position_ < text_.size() && text_[position_] != '"'; ++position_) {
      if (text_[position_] == '\\') ++position_;
    }
    ++position_;
  }
  void skip_nested() {
    std::size_t depth = 0;
    while (position_ < text_.size()) {
      if (at('"')) {
        skip_string();
        continue;
      }
      if (at('{') || at('[')) ++depth;
      if (at('}') || at(']')) --depth;
      ++position_;
      if (depth == 0) return;
    }
  }

  std::string_view text_;
  std::size_t position_ = 0;
};

}  // namespace

std::expected<RawFields, std::string> raw_fields(std::string_view text) {
  json::error_code error;
  json::parse_options options;
  options.max_depth = depth_max;
  const json::value whole = json::parse(text, error, {}, options);
  if (error) return std::unexpected(fmt::format("not JSON: {}", error.message()));
  if (!whole.is_object()) return std::unexpected("not a JSON object");
  if (whole.as_object().size() > fields_max) {
    return std::unexpected(fmt::format("a JSON object of more than {} fields", fields_max));
  }

  RawFields fields;
  Walk walk{text};
  walk.skip_blanks();
  walk.step();
  for (walk.skip_blanks(); !walk.at('}'); walk.skip_blanks()) {
    std::string name{json::parse(walk.value()).as_string()};
    walk.skip_blanks();
    std::string value{walk.value()};
    const auto earlier = std::ranges::find(fields, name, [](const auto& field) { return field.first; });
    if (earlier != fields.end())
      earlier->second = std::move(value);
    else
      fields.emplace_back(std::move(name), std::move(value));
  }
  return fields;
}

}  // namespace simplevisor::sarra
