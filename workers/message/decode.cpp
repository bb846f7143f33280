#include <fmt/format.h>

#include "workers/message/codec.hpp"
#include "workers/message/compress.hpp"
#include "workers/message/json_fields.hpp"
#include "workers/message/text.hpp"

namespace simplevisor::message {
namespace {

struct Encoding {
  bool base64 = false;
  bool utf8 = false;
  Compression compression = Compression::none;
};

// Repeated tokens mean the same as one; the order means nothing. An empty string is no token, "a+" has an
// empty one.
Result<Encoding> parse_encoding(std::string_view tokens) {
  Encoding encoding;
  if (tokens.empty()) return encoding;
  for (std::size_t begin = 0; begin <= tokens.size();) {
    const std::size_t end = std::min(tokens.find('+', begin), tokens.size());
    const std::string_view token = tokens.substr(begin, end - begin);
    begin = end + 1;
    if (token == "base64") {
      encoding.base64 = true;
      continue;
    }
    if (token == "utf8") {
      encoding.utf8 = true;
      continue;
    }
    const auto compression = parse_compression(token);
    if (token.empty() || !compression || compression->force) {
      return std::unexpected(Malformed{fmt::format("encoding has an unknown token in \"{}\"", tokens), {}});
    }
    if (encoding.compression != Compression::none && encoding.compression != compression->compression) {
      return std::unexpected(Malformed{fmt::format("encoding \"{}\" names two compressions", tokens), {}});
    }
    encoding.compression = compression->compression;
  }
  return encoding;
}

}  // namespace

Result<Decoded> decode(std::string_view bytes, const DecodeLimits& limits) {
  if (bytes.size() > limits.input_bytes_max) {
    return std::unexpected(
        Malformed{fmt::format("{} bytes exceed the limit of {}", bytes.size(), limits.input_bytes_max), {}});
  }
  auto fields = parse_json_fields(bytes);
  if (!fields) return std::unexpected(std::move(fields).error());
  const auto encoding = parse_encoding(fields->encoding);
  if (!encoding) return std::unexpected(encoding.error());

  // The string is UTF-8 already, so "utf8" asks for nothing more than that the outcome be UTF-8 when it is
  // text.
  Result<std::string> body = std::move(fields->body);
  if (encoding->base64) body = base64_decoded(*body);
  if (body && encoding->compression != Compression::none) {
    body = decompressed(encoding->compression, *body, limits.body_bytes_max);
  }
  if (!body) return std::unexpected(std::move(body).error());
  if (body->size() > limits.body_bytes_max) {
    return std::unexpected(Malformed{
        fmt::format("body of {} bytes exceeds the limit of {}", body->size(), limits.body_bytes_max), {}});
  }
  if (fields->text) {
    if (const auto bad = first_invalid_utf8(*body)) {
      return std::unexpected(Malformed{fmt::format("text body is not UTF-8 from its byte {}", *bad), {}});
    }
  }
  return Decoded{{std::move(fields->header), *std::move(body), fields->text}, fields->unknown_fields};
}

}  // namespace simplevisor::message
