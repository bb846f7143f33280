// workers/message/codec.hpp
//
// Messages to bytes and back: the serialised form that is the whole content of a directory queue's element.
//
// Form       one JSON object of at most four fields: header, body, text, encoding. `encoding` is a set of
//            tokens (base64, utf8, zlib, lz4, snappy) joined by "+"; reading is always base64, decompression,
//            utf8, whatever the order of the tokens.
// Writing    the rules of Messaging::Message 1.7: compact, raw UTF-8, sorted keys, so that equal messages
//            give equal bytes, and readable by python-messaging too.
// Reading    strict where either of those readers is strict about damage (UTF-8, base64, JSON), lenient only
//            where a known writer needs it; a field nobody knows is ignored and counted.
// Limits     nothing is allocated because the input says so: sizes that compressed data claims are checked
//            against the limit, and against what the input could possibly hold, before memory is taken.
// Errors     `Malformed`, always; no exception leaves this library but std::bad_alloc.
// Threads    free functions without state.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "workers/message/error.hpp"
#include "workers/message/message.hpp"

namespace simplevisor::message {

enum class Compression : std::uint8_t { none, zlib, lz4, snappy };

inline constexpr std::size_t body_bytes_default_max = std::size_t{128} << 20;
inline constexpr std::size_t input_bytes_default_max = std::size_t{256} << 20;

struct EncodeOptions {
  Compression compression = Compression::none;
  // false: compress bodies above 255 bytes, and keep the result only when what is written gets shorter.
  bool force = false;
  std::size_t body_bytes_max = body_bytes_default_max;  // a reader with default limits refuses more
};

struct DecodeLimits {
  std::size_t input_bytes_max = input_bytes_default_max;
  std::size_t body_bytes_max = body_bytes_default_max;  // decompressed
};

struct Decoded {
  Message message;
  std::size_t unknown_fields = 0;
};

// "", "zlib", "lz4", "snappy", each of the last three also with "!" for force.
[[nodiscard]] Result<EncodeOptions> parse_compression(std::string_view option);

[[nodiscard]] Result<std::string> encode(const Message& message, const EncodeOptions& options = {});
[[nodiscard]] Result<Decoded> decode(std::string_view bytes, const DecodeLimits& limits = {});

}  // namespace simplevisor::message
