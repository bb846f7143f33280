#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "workers/message/codec.hpp"
#include "workers/message/compress.hpp"
#include "workers/message/text.hpp"

namespace simplevisor::message {
namespace {

constexpr std::size_t compress_above_bytes = 255;
constexpr std::size_t header_bytes_likely = 512;

// The two fields that say what the body is, as they will be written.
struct BodyFields {
  std::optional<std::string> made;  // UTF-8; without it the message's own is written
  std::string encoding;             // tokens, sorted, joined by "+"

  [[nodiscard]] std::string_view body_of(const Message& message) const {
    return made ? std::string_view{*made} : message.body;
  }
};

bool is_printable(std::string_view bytes) {
  constexpr std::string_view printable_too = "\"\\\t\n\r";
  for (std::size_t at = plain_run(bytes, 0); at < bytes.size(); at += 1 + plain_run(bytes, at + 1))
    if (!printable_too.contains(bytes[at])) return false;
  return true;
}

bool is_ascii(std::string_view bytes) {
  return std::ranges::all_of(bytes, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

// A binary body that happens to be valid UTF-8 is not written as characters, as python-messaging would: the
// Perl reader makes of it something that it cannot write again.
BodyFields uncompressed_fields(const Message& message) {
  if (message.text || is_printable(message.body)) return {std::nullopt, ""};
  return {base64(message.body), "base64"};
}

Result<BodyFields> compressed_fields(const Message& message, Compression compression) {
  const auto bytes = compressed(compression, message.body);
  if (!bytes) return std::unexpected(bytes.error());
  std::string encoding = "base64";
  const std::string_view algorithm = name_of(compression);
  const std::string_view utf8 = message.text && !is_ascii(message.body) ? "utf8" : "";
  for (const std::string_view token : {std::min(algorithm, utf8), std::max(algorithm, utf8)}) {
    if (!token.empty()) fmt::format_to(std::back_inserter(encoding), "+{}", token);
  }
  return BodyFields{base64(*bytes), std::move(encoding)};
}

// `"encoding":"...",` costs its punctuation only when there are tokens at all.
std::size_t written_size(const BodyFields& fields, const Message& message) {
  constexpr std::size_t encoding_punctuation = std::string_view{R"("encoding":"",)"}.size();
  std::string body;
  append_json_string(body, fields.body_of(message));
  return body.size() + (fields.encoding.empty() ? 0 : fields.encoding.size() + encoding_punctuation);
}

Result<BodyFields> fields_of_body(const Message& message, const EncodeOptions& options) {
  BodyFields plain = uncompressed_fields(message);
  const bool worth_trying = message.body.size() > compress_above_bytes || options.force;
  if (options.compression == Compression::none || !worth_trying) return plain;
  auto packed = compressed_fields(message, options.compression);
  if (!packed) return packed;
  return options.force || written_size(*packed, message) < written_size(plain, message) ? *std::move(packed)
                                                                                        : std::move(plain);
}

std::optional<Malformed> fault_of(const Message& message, const EncodeOptions& options) {
  if (message.body.size() > options.body_bytes_max) {
    return Malformed{
        fmt::format("body of {} bytes exceeds the limit of {}", message.body.size(), options.body_bytes_max),
        {}};
  }
  if (message.text) {
    if (const auto bad = first_invalid_utf8(message.body)) {
      return Malformed{fmt::format("text body is not UTF-8 from its byte {}", *bad), {}};
    }
  }
  for (const auto& [key, value] : message.header) {
    if (first_invalid_utf8(key)) return Malformed{"a header key is not UTF-8", {}};
    if (first_invalid_utf8(value))
      return Malformed{fmt::format("header value of \"{}\" is not UTF-8", key), {}};
  }
  return std::nullopt;
}

}  // namespace

Result<EncodeOptions> parse_compression(std::string_view option) {
  EncodeOptions options;
  if (option.empty()) return options;
  std::string_view name = option;
  if (name.ends_with('!')) {
    options.force = true;
    name.remove_suffix(1);
  }
  for (const Compression known : {Compression::zlib, Compression::lz4, Compression::snappy}) {
    if (name != name_of(known)) continue;
    options.compression = known;
    return options;
  }
  return std::unexpected(Malformed{
      fmt::format("compression \"{}\" is none of zlib, lz4, snappy (or one of them with \"!\")", option),
      {}});
}

Result<std::string> encode(const Message& message, const EncodeOptions& options) {
  if (auto fault = fault_of(message, options)) return std::unexpected(*std::move(fault));
  std::string out = "{";
  const auto begin_field = [&out](std::string_view name) {
    if (out.size() > 1) out += ',';
    fmt::format_to(std::back_inserter(out), "\"{}\":", name);
  };

  // In the order of the keys: body, encoding, header, text.
  if (!message.body.empty()) {
    const auto fields = fields_of_body(message, options);
    if (!fields) return std::unexpected(fields.error());
    begin_field("body");
    const std::string_view body = fields->body_of(message);
    out.reserve(body.size() + body.size() / 16 + header_bytes_likely);
    append_json_string(out, body);
    if (!fields->encoding.empty()) {
      begin_field("encoding");
      append_json_string(out, fields->encoding);
    }
  }
  if (!message.header.empty()) {
    begin_field("header");
    char before = '{';
    for (const auto& [key, value] : message.header) {
      out += before;
      before = ',';
      append_json_string(out, key);
      out += ':';
      append_json_string(out, value);
    }
    out += '}';
  }
  if (message.text) {
    begin_field("text");
    out += "true";
  }
  out += '}';
  return out;
}

}  // namespace simplevisor::message
