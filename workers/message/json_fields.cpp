#include "workers/message/json_fields.hpp"

#include <fmt/format.h>

#include <boost/json/basic_parser_impl.hpp>
#include <cstdint>
#include <utility>

namespace simplevisor::message {
namespace {

namespace json = boost::json;

constexpr std::size_t depth_max = 32;  // two levels mean something; the rest is slack for unknown fields

// Told of every piece of the text by the parser. `depth_` counts open objects and arrays: 1 is inside the
// message, 2 inside its header (or inside an unknown field).
class FieldHandler {
 public:
  static constexpr std::size_t max_object_size = static_cast<std::size_t>(-1);
  static constexpr std::size_t max_array_size = static_cast<std::size_t>(-1);
  static constexpr std::size_t max_key_size = static_cast<std::size_t>(-1);
  static constexpr std::size_t max_string_size = static_cast<std::size_t>(-1);

  JsonFields fields;
  std::string complaint;

  bool on_document_begin(json::error_code&) { return true; }
  bool on_document_end(json::error_code&) { return true; }

  bool on_object_begin(json::error_code& ec) {
    if (depth_ == 1 && field_ == Field::header)
      fields.header.clear();
    else if (!may_nest(ec, "an object"))
      return false;
    ++depth_;
    return true;
  }
  bool on_object_end(std::size_t, json::error_code&) { return leave(); }
  bool on_array_begin(json::error_code& ec) {
    if (depth_ == 0) return refuse(ec, "a message is a JSON object");
    if (!may_nest(ec, "an array")) return false;
    ++depth_;
    return true;
  }
  bool on_array_end(std::size_t, json::error_code&) { return leave(); }

  bool on_key_part(json::string_view part, std::size_t, json::error_code&) {
    text_.append(part.data(), part.size());
    return true;
  }
  bool on_key(json::string_view part, std::size_t, json::error_code&) {
    text_.append(part.data(), part.size());
    if (depth_ == 1)
      begin_field();
    else if (depth_ == 2 && field_ == Field::header)
      key_ = text_;
    text_.clear();
    return true;
  }

  bool on_string_part(json::string_view part, std::size_t, json::error_code&) {
    if (!skipping()) text_.append(part.data(), part.size());
    return true;
  }
  bool on_string(json::string_view part, std::size_t size, json::error_code& ec) {
    on_string_part(part, size, ec);
    if (depth_ == 0) return refuse(ec, "a message is a JSON object");
    std::string value = std::exchange(text_, {});
    switch (field_) {
      case Field::body:
        fields.body = std::move(value);
        return true;
      case Field::encoding:
        fields.encoding = std::move(value);
        return true;
      case Field::header:
        if (depth_ == 1) return wrong_type(ec, "a string");
        fields.header.insert_or_assign(key_, std::move(value));
        return true;
      case Field::text:
        return wrong_type(ec, "a string");
      case Field::unknown:
        return true;
    }
    std::unreachable();
  }

  bool on_number_part(json::string_view part, json::error_code&) {
    if (!skipping()) text_.append(part.data(), part.size());
    return true;
  }
  bool on_int64(std::int64_t, json::string_view part, json::error_code& ec) { return on_number(part, ec); }
  bool on_uint64(std::uint64_t, json::string_view part, json::error_code& ec) { return on_number(part, ec); }
  bool on_double(double, json::string_view part, json::error_code& ec) { return on_number(part, ec); }

  bool on_bool(bool value, json::error_code& ec) {
    if (field_ == Field::text && depth_ == 1) {
      fields.text = value;
      return true;
    }
    return may_nest(ec, "a boolean");
  }
  bool on_null(json::error_code& ec) {
    if (depth_ == 1 && field_ == Field::text) {
      fields.text = false;
      return true;
    }
    if (depth_ == 1 && field_ == Field::header) {
      fields.header.clear();
      return true;
    }
    return may_nest(ec, "null");
  }

  bool on_comment_part(json::string_view, json::error_code&) { return true; }
  bool on_comment(json::string_view, json::error_code&) { return true; }

 private:
  enum class Field : std::uint8_t { header, body, text, encoding, unknown };

  void begin_field() {
    if (text_ == "header")
      field_ = Field::header;
    else if (text_ == "body")
      field_ = Field::body;
    else if (text_ == "text")
      field_ = Field::text;
    else if (text_ == "encoding")
      field_ = Field::encoding;
    else {
      field_ = Field::unknown;
      ++fields.unknown_fields;
    }
  }

  [[nodiscard]] bool skipping() const { return depth_ > 0 && field_ == Field::unknown; }

  bool leave() {
    --depth_;
    return true;
  }

  bool on_number(json::string_view part, json::error_code& ec) {
    if (!skipping()) text_.append(part.data(), part.size());
    std::string value = std::exchange(text_, {});
    if (depth_ == 2 && field_ == Field::header) {
      fields.header.insert_or_assign(key_, std::move(value));
      return true;
    }
    return may_nest(ec, "a number");
  }

  // True for the message itself and inside unknown fields; everywhere else `what` has no place.
  bool may_nest(json::error_code& ec, std::string_view what) {
    if (depth_ == 0) return what == "an object" || refuse(ec, "a message is a JSON object");
    return field_ == Field::unknown || wrong_type(ec, what);
  }

  bool wrong_type(json::error_code& ec, std::string_view what) {
    switch (field_) {
      case Field::header:
        return refuse(ec, depth_ == 1
                              ? fmt::format("header is {}, not an object", what)
                              : fmt::format("header value of \"{}\" is {}, not a string", key_, what));
      case Field::body:
        return refuse(ec, fmt::format("body is {}, not a string", what));
      case Field::text:
        return refuse(ec, fmt::format("text is {}, not a boolean", what));
      case Field::encoding:
        return refuse(ec, fmt::format("encoding is {}, not a string", what));
      case Field::unknown:
        break;
    }
    std::unreachable();
  }

  bool refuse(json::error_code& ec, std::string reason) {
    complaint = std::move(reason);
    ec = json::error::exception;  // any error stops the parser; `complaint` is what gets told
    return false;
  }

  std::size_t depth_ = 0;
  Field field_ = Field::unknown;
  std::string text_;  // of the key, string or number that is coming in
  std::string key_;   // of the header field whose value comes next
};

}  // namespace

Result<JsonFields> parse_json_fields(std::string_view input) {
  json::parse_options options;
  options.max_depth = depth_max;
  json::basic_parser<FieldHandler> parser{options};
  json::error_code ec;
  const std::size_t parsed = parser.write_some(false, input.data(), input.size(), ec);
  FieldHandler& handler = parser.handler();
  if (!handler.complaint.empty()) return std::unexpected(Malformed{std::move(handler.complaint), parsed});
  if (ec) return std::unexpected(Malformed{fmt::format("not JSON: {}", ec.message()), parsed});
  if (parsed < input.size())
    return std::unexpected(Malformed{"not JSON: something follows the object", parsed});
  return std::move(handler.fields);
}

}  // namespace simplevisor::message
