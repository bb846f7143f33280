#include "workers/amqp/mapping.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <string>

#include "workers/amqp/bytes.hpp"
#include "workers/message/text.hpp"

namespace simplevisor::amqp {
namespace {

using Failed = std::unexpected<std::string>;

constexpr std::size_t short_string_bytes_max = 255;

// The properties that are short strings, by header name.
struct ShortString {
  std::string_view name;
  std::optional<std::string_view> Properties::* outgoing;
  amqp_bytes_t amqp_basic_properties_t::* incoming;
  amqp_flags_t flag;
};
using P = amqp_basic_properties_t;
constexpr std::array short_strings{
    ShortString{"content-type", &Properties::content_type, &P::content_type, AMQP_BASIC_CONTENT_TYPE_FLAG},
    ShortString{"content-encoding", &Properties::content_encoding, &P::content_encoding,
                AMQP_BASIC_CONTENT_ENCODING_FLAG},
    ShortString{"correlation-id", &Properties::correlation_id, &P::correlation_id,
                AMQP_BASIC_CORRELATION_ID_FLAG},
    ShortString{"reply-to", &Properties::reply_to, &P::reply_to, AMQP_BASIC_REPLY_TO_FLAG},
    ShortString{"amqp-message-id", &Properties::message_id, &P::message_id, AMQP_BASIC_MESSAGE_ID_FLAG},
    ShortString{"type", &Properties::type, &P::type, AMQP_BASIC_TYPE_FLAG},
    ShortString{"user-id", &Properties::user_id, &P::user_id, AMQP_BASIC_USER_ID_FLAG},
    ShortString{"app-id", &Properties::app_id, &P::app_id, AMQP_BASIC_APP_ID_FLAG},
    ShortString{"expiration", &Properties::expiration, &P::expiration, AMQP_BASIC_EXPIRATION_FLAG},
};

template <class Number>
std::optional<Number> number(std::string_view text) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

bool fits(std::string_view name, std::string_view value, const MappingOptions& options) {
  if (value.size() > short_string_bytes_max) return false;
  if (name == "user-id") return value == options.login && !value.empty();
  // A broker closes the channel on an expiration that is no number of milliseconds.
  if (name == "expiration") return number<std::uint32_t>(value).has_value();
  return true;
}

// nullopt: not the name of a property. Otherwise whether the value could be one, and then is.
std::optional<bool> set_property(Properties& properties, std::string_view name, std::string_view value,
                                 const MappingOptions& options) {
  for (const ShortString& property : short_strings) {
    if (property.name != name) continue;
    const bool fit = fits(name, value, options);
    if (fit) properties.*property.outgoing = value;
    return fit;
  }
  if (name == "persistent") {
    if (value == "true") properties.delivery_mode = 2;
    return value == "true" || value == "false";
  }
  if (name == "priority") return (properties.priority = number<std::uint8_t>(value)).has_value();
  if (name == "timestamp") return (properties.timestamp = number<std::uint64_t>(value)).has_value();
  // RabbitMQ takes these for lists of further routing keys, and closes the channel on a text.
  if (name == "CC" || name == "BCC") return false;
  return std::nullopt;
}

// What only the way to us, or the way on, is made of.
bool is_routing(std::string_view name) {
  return name == "destination" || name == "amqp-exchange" || name == "amqp-routing-key";
}

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  return std::ranges::equal(a, b, {}, lower, lower);
}

std::string text_or_base64(std::string_view value) {
  return message::first_invalid_utf8(value) ? message::base64(value) : std::string(value);
}

std::string decimal(const amqp_decimal_t& value) {
  std::string digits = fmt::format("{}", static_cast<std::int32_t>(value.value));
  if (value.decimals == 0) return digits;
  const std::size_t sign = digits.front() == '-' ? 1 : 0;
  if (const std::size_t least = sign + value.decimals + 1; digits.size() < least) {
    digits.insert(sign, least - digits.size(), '0');
  }
  digits.insert(digits.size() - value.decimals, ".");
  return digits;
}

constexpr int nesting_max = 32;

std::expected<void, std::string> append_json(std::string& out, const amqp_field_value_t& value, int depth);

std::expected<void, std::string> append_json(std::string& out, const amqp_array_t& array, int depth) {
  out += '[';
  for (int i = 0; i < array.num_entries; ++i) {
    if (i > 0) out += ',';
    if (auto done = append_json(out, array.entries[i], depth); !done) return done;
  }
  out += ']';
  return {};
}

std::expected<void, std::string> append_json(std::string& out, const amqp_table_t& table, int depth) {
  out += '{';
  for (int i = 0; i < table.num_entries; ++i) {
    if (i > 0) out += ',';
    message::append_json_string(out, text_or_base64(view(table.entries[i].key)));
    out += ':';
    if (auto done = append_json(out, table.entries[i].value, depth); !done) return done;
  }
  out += '}';
  return {};
}

std::expected<void, std::string> append_json(std::string& out, const amqp_field_value_t& value, int depth) {
  if (depth > nesting_max) return Failed(fmt::format("nested deeper than {}", nesting_max));
  switch (value.kind) {
    case AMQP_FIELD_KIND_ARRAY:
      return append_json(out, value.value.array, depth + 1);
    case AMQP_FIELD_KIND_TABLE:
      return append_json(out, value.value.table, depth + 1);
    default:
      break;
  }
  auto text = text_of(value);
  if (!text) return Failed(text.error());
  const bool quoted = value.kind == AMQP_FIELD_KIND_UTF8 || value.kind == AMQP_FIELD_KIND_BYTES;
  if (!*text || **text == "nan" || (*text)->ends_with("inf")) {
    out += "null";
  } else if (quoted) {
    message::append_json_string(out, **text);
  } else {
    out += **text;
  }
  return {};
}

}  // namespace

bool is_text(std::string_view content_type, std::string_view body) {
  bool text = content_type.size() > 5 && equal_ignoring_case(content_type.substr(0, 5), "text/");
  for (std::string_view rest = content_type;;) {
    const std::size_t semicolon = rest.find(';');
    if (semicolon == std::string_view::npos) break;
    rest.remove_prefix(semicolon + 1);
    std::string_view parameter = rest.substr(0, rest.find(';'));
    while (!parameter.empty() && parameter.front() == ' ') parameter.remove_prefix(1);
    while (!parameter.empty() && parameter.back() == ' ') parameter.remove_suffix(1);
    constexpr std::string_view charset = "charset=";
    if (!equal_ignoring_case(parameter.substr(0, charset.size()), charset)) continue;
    std::string_view name = parameter.substr(charset.size());
    if (name.size() >= 2 && name.front() == '"' && name.back() == '"') name = name.substr(1, name.size() - 2);
    text = std::ranges::any_of(std::array{"utf-8", "utf8", "us-ascii", "ascii"},
                               [&](std::string_view known) { return equal_ignoring_case(name, known); });
  }
  return text && !message::first_invalid_utf8(body);
}

std::size_t Properties::encoded_size() const {
  std::size_t size = 64;  // class, flags, body size, and the properties of fixed length
  for (const ShortString& property : short_strings) {
    if (const auto& value = this->*property.outgoing) size += 1 + value->size();
  }
  for (const auto& [name, value] : table) size += 1 + name.size() + 5 + value.size();
  return size;
}

std::expected<Properties, std::string> outgoing(const message::Message& message,
                                                const MappingOptions& options) {
  Properties properties;
  for (const auto& [name, value] : message.header) {
    const auto keep_as_origin = [&] {
      std::string original = "x-orig-" + name;  // NOLINT(clang-analyzer-core.CallAndMessage): a binding, set
      if (!message.header.contains(original)) properties.table.emplace_back(std::move(original), value);
    };
    if (is_routing(name)) continue;
    if (std::ranges::find(options.strip, name) != options.strip.end()) {
      if (options.keep_stripped) keep_as_origin();
      continue;
    }
    const std::optional<bool> fit = set_property(properties, name, value, options);
    if (!fit) {
      properties.table.emplace_back(name, value);
    } else if (!*fit) {
      if (options.unfit == Unfit::refuse) {
        return Failed(fmt::format("header {} cannot be an AMQP property: \"{}\"", name,
                                  std::string_view(value).substr(0, 100)));
      }
      if (options.unfit == Unfit::keep) keep_as_origin();
    }
  }
  for (const auto& [name, value] : properties.table) {
    if (name.size() > short_string_bytes_max) {
      return Failed(fmt::format("header name \"{}...\" is longer than {} bytes", name.substr(0, 40),
                                short_string_bytes_max));
    }
  }
  if (message.text && !properties.content_type) properties.content_type = "text/unknown";
  return properties;
}

std::expected<std::optional<std::string>, std::string> text_of(const amqp_field_value_t& field) {
  const auto& value = field.value;
  std::string json;
  switch (field.kind) {
    case AMQP_FIELD_KIND_BOOLEAN:
      return value.boolean != 0 ? "true" : "false";
    case AMQP_FIELD_KIND_I8:
      return fmt::format("{}", static_cast<int>(value.i8));
    case AMQP_FIELD_KIND_U8:
      return fmt::format("{}", static_cast<unsigned>(value.u8));
    case AMQP_FIELD_KIND_I16:
      return fmt::format("{}", value.i16);
    case AMQP_FIELD_KIND_U16:
      return fmt::format("{}", value.u16);
    case AMQP_FIELD_KIND_I32:
      return fmt::format("{}", value.i32);
    case AMQP_FIELD_KIND_U32:
      return fmt::format("{}", value.u32);
    case AMQP_FIELD_KIND_I64:
      return fmt::format("{}", value.i64);
    case AMQP_FIELD_KIND_U64:
    case AMQP_FIELD_KIND_TIMESTAMP:
      return fmt::format("{}", value.u64);
    case AMQP_FIELD_KIND_F32:
      return fmt::format("{}", value.f32);
    case AMQP_FIELD_KIND_F64:
      return fmt::format("{}", value.f64);
    case AMQP_FIELD_KIND_DECIMAL:
      return decimal(value.decimal);
    case AMQP_FIELD_KIND_UTF8:
      return text_or_base64(view(value.bytes));
    case AMQP_FIELD_KIND_BYTES:
      return message::base64(view(value.bytes));
    case AMQP_FIELD_KIND_ARRAY:
    case AMQP_FIELD_KIND_TABLE:
      if (auto done = append_json(json, field, 1); !done) return Failed(done.error());
      return json;
    case AMQP_FIELD_KIND_VOID:
      return std::nullopt;
    default:
      return Failed(fmt::format("a value of the unknown type {}", static_cast<int>(field.kind)));
  }
}

std::expected<message::Header, std::string> incoming(const amqp_basic_properties_t& properties,
                                                     const Origin& origin) {
  message::Header header;
  if ((properties._flags & AMQP_BASIC_HEADERS_FLAG) != 0) {
    for (int i = 0; i < properties.headers.num_entries; ++i) {
      const amqp_table_entry_t& entry = properties.headers.entries[i];
      if (message::first_invalid_utf8(view(entry.key))) return Failed("a header's name is not UTF-8");
      auto text = text_of(entry.value);
      if (!text) return Failed(fmt::format("header {}: {}", view(entry.key), text.error()));
      if (*text) header.insert_or_assign(std::string(view(entry.key)), **std::move(text));
    }
  }
  const auto set = [&](std::string_view name, std::string value) {
    header.insert_or_assign(std::string(name), std::move(value));
  };
  for (const ShortString& property : short_strings) {
    if ((properties._flags & property.flag) != 0) {
      set(property.name, text_or_base64(view(properties.*property.incoming)));
    }
  }
  if ((properties._flags & AMQP_BASIC_DELIVERY_MODE_FLAG) != 0) {
    if (properties.delivery_mode == 2) set("persistent", "true");
  }
  if ((properties._flags & AMQP_BASIC_PRIORITY_FLAG) != 0)
    set("priority", fmt::format("{}", properties.priority));
  if ((properties._flags & AMQP_BASIC_TIMESTAMP_FLAG) != 0) {
    set("timestamp", fmt::format("{}", properties.timestamp));
  }
  set("amqp-exchange", text_or_base64(origin.exchange));
  set("amqp-routing-key", text_or_base64(origin.routing_key));
  set("redelivered", origin.redelivered ? "true" : "false");
  return header;
}

}  // namespace simplevisor::amqp
