// What a fuzzer calls with any bytes: the decoder of messages, and what it makes of them encoded again.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "workers/message/codec.hpp"

namespace {

void require(bool fact) {
  if (!fact) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace simplevisor::message;
  constexpr std::size_t body_bytes_max = 1 << 20;
  const std::string_view bytes{reinterpret_cast<const char*>(data), size};
  const auto decoded = decode(bytes, {.input_bytes_max = 1 << 20, .body_bytes_max = body_bytes_max});
  if (!decoded) {
    require(!decoded.error().text().empty());
    return 0;
  }
  require(decoded->message.body.size() <= body_bytes_max);
  for (const Compression compression :
       {Compression::none, Compression::zlib, Compression::lz4, Compression::snappy}) {
    const auto encoded = encode(decoded->message, {.compression = compression});
    require(encoded.has_value());
    const auto again = decode(*encoded);
    require(again && again->message == decoded->message && again->unknown_fields == 0);
  }
  return 0;
}
