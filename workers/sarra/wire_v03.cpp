#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <charconv>

#include "workers/message/text.hpp"
#include "workers/sarra/json_object.hpp"
#include "workers/sarra/time.hpp"
#include "workers/sarra/wire.hpp"

namespace simplevisor::sarra {
namespace {

namespace json = boost::json;

using Failed = std::unexpected<std::string>;
using Read = std::expected<bool, std::string>;  // false: not a field of ours, or not in a form of ours

std::optional<std::string> text_of(const json::value& value) {
  if (!value.is_string()) return std::nullopt;
  return std::string{value.as_string()};
}

std::optional<std::string> text_in(const json::object& object, std::string_view name) {
  const auto* const value = object.if_contains(name);
  return value == nullptr ? std::nullopt : text_of(*value);
}

Read read_identity(Announcement& to, const json::value& value) {
  if (const auto text = text_of(value)) {
    const std::size_t comma = text->find(',');
    to.identity =
        Identity{text->substr(0, comma), comma == std::string::npos ? "" : text->substr(comma + 1), true};
    return true;
  }
  const auto* const object = value.if_object();
  auto method = object == nullptr ? std::nullopt : text_in(*object, "method");
  auto checksum = object == nullptr ? std::nullopt : text_in(*object, "value");
  if (!method || !checksum) return Failed("identity is neither a text nor a method and a value");
  to.identity = Identity{*std::move(method), *std::move(checksum), false};
  return true;
}

Read read_file_op(Announcement& to, const json::value& value) {
  const auto* const object = value.if_object();
  if (object == nullptr) return Failed("fileOp is no object");
  for (const auto& [name, argument] : *object) {
    const auto text = text_of(argument);
    if (!text) return Failed(fmt::format("fileOp: {} is no text", std::string_view{name}.substr(0, 40)));
    to.file_op.emplace(name, *text);
  }
  return true;
}

std::optional<std::uint64_t> number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

Read read_size(Announcement& to, const json::value& value) {
  json::error_code error;
  if (const auto text = text_of(value))
    to.size = number(*text);
  else if (value.is_number())
    to.size = value.to_number<std::uint64_t>(error);
  if (!to.size || error) return Failed("size is no whole number");
  return true;
}

Read read_content(Announcement& to, const json::value& value) {
  const auto* const object = value.if_object();
  auto encoding = object == nullptr ? std::nullopt : text_in(*object, "encoding");
  auto text = object == nullptr ? std::nullopt : text_in(*object, "value");
  if (!encoding || !text) return Failed("content is no encoding and value");
  to.content = Content{*std::move(encoding), *std::move(text)};
  return true;
}

// "1,SIZE,1,0,0": the whole file.
Read read_parts(Announcement& to, const json::value& value) {
  const auto text = text_of(value);
  if (!text) return false;
  if (!text->starts_with("1,")) {
    to.partial = true;
    return false;
  }
  const auto size = number(std::string_view{*text}.substr(2, text->find(',', 2) - 2));
  if (!size) return Failed("parts names no size");
  if (!to.size) to.size = size;
  return true;
}

bool is_old_name(std::string_view name) {
  return name == "integrity" || name == "retPath" || name == "parts";
}

Read read_field(Announcement& to, std::string_view name, const json::value& value) {
  const auto mandatory = [&](std::string& field) -> Read {
    auto text = text_of(value);
    if (!text) return Failed(fmt::format("{} is no text", name));
    field = *std::move(text);
    return true;
  };
  // In another form than ours they are somebody else's, and go on as they are.
  const auto optional = [&](std::optional<std::string>& field) -> Read {
    if (field) return false;
    field = text_of(value);
    return field.has_value();
  };
  if (name == "pubTime") return mandatory(to.pub_time);
  if (name == "baseUrl") return mandatory(to.base_url);
  if (name == "relPath") return mandatory(to.rel_path);
  if (name == "identity") return read_identity(to, value);
  if (name == "integrity") return to.identity ? Read{false} : read_identity(to, value);
  if (name == "fileOp") return read_file_op(to, value);
  if (name == "size") return read_size(to, value);
  if (name == "content") return read_content(to, value);
  if (name == "parts") return read_parts(to, value);
  if (name == "retrievePath" || name == "retPath") return optional(to.retrieve_path);
  if (name == "mtime") return optional(to.mtime);
  if (name == "atime") return optional(to.atime);
  if (name == "mode") return optional(to.mode);
  if (name == "contentType") return optional(to.content_type);
  if (name == "source") return optional(to.source);
  if (name == "topic") return optional(to.topic);
  if (name == "blocks") to.partial = true;
  return false;
}

void append(std::string& out, std::string_view name, std::string_view json_text) {
  out += out.size() > 1 ? "," : "";
  message::append_json_string(out, name);
  out += ':';
  out += json_text;
}

void append_text(std::string& out, std::string_view name, std::string_view text) {
  std::string quoted;
  message::append_json_string(quoted, text);
  append(out, name, quoted);
}

// An object of texts.
std::string object_of(std::initializer_list<std::pair<std::string_view, std::string_view>> fields) {
  std::string out = "{";
  for (const auto& [name, text] : fields) append_text(out, name, text);
  return out + '}';
}

}  // namespace

std::expected<Announcement, std::string> decode_v03(std::string_view body) {
  const auto fields = raw_fields(body);
  if (!fields) return Failed(fields.error());
  Announcement result;
  const auto is_there = [&](std::string_view name) {
    return std::ranges::find(*fields, name, [](const auto& field) { return field.first; }) != fields->end();
  };
  // The old names last: they say nothing where the new one is there, whatever their order and the new one's form.
  for (const bool old : {false, true}) {
    for (const auto& [name, raw] : *fields) {
      if (is_old_name(name) != old) continue;
      if (name == "retPath" && is_there("retrievePath")) {
        result.others.emplace_back(name, raw);
        continue;
      }
      json::parse_options options;
      options.max_depth = depth_max;
      const auto read = read_field(result, name, json::parse(raw, {}, options));
      if (!read) return Failed(read.error());
      if (!*read) result.others.emplace_back(name, raw);
    }
  }
  for (const auto& [name, field] : {std::pair{"pubTime", &result.pub_time},
                                    {"baseUrl", &result.base_url},
                                    {"relPath", &result.rel_path}}) {
    if (field->empty()) return Failed(fmt::format("without {}", name));
  }
  if (!parse_time(result.pub_time))
    return Failed(fmt::format("pubTime \"{}\" is no time", result.pub_time.substr(0, 60)));
  return result;
}

std::string encode_v03(const Announcement& a) {
  std::string out = "{";
  const auto optional = [&](std::string_view name, const std::optional<std::string>& text) {
    if (text) append_text(out, name, *text);
  };
  append_text(out, "pubTime", a.pub_time);
  append_text(out, "baseUrl", a.base_url);
  append_text(out, "relPath", a.rel_path);
  optional("retrievePath", a.retrieve_path);
  optional("topic", a.topic);
  optional("source", a.source);
  optional("mode", a.mode);
  if (a.size) append(out, "size", fmt::format("{}", *a.size));
  optional("mtime", a.mtime);
  optional("atime", a.atime);
  if (a.identity) {
    const Identity& identity = *a.identity;
    if (identity.bare)
      append_text(out, "identity",
                  identity.value.empty() ? identity.method : identity.method + ',' + identity.value);
    else
      append(out, "identity", object_of({{"method", identity.method}, {"value", identity.value}}));
  }
  if (!a.file_op.empty()) {
    std::string operation = "{";
    for (const auto& [name, argument] : a.file_op) append_text(operation, name, argument);
    append(out, "fileOp", operation + '}');
  }
  optional("contentType", a.content_type);
  if (a.content)
    append(out, "content", object_of({{"encoding", a.content->encoding}, {"value", a.content->value}}));
  for (const auto& [name, raw] : a.others) append(out, name, raw);
  return out + '}';
}

}  // namespace simplevisor::sarra
