// workers/message/compress.hpp
//
// The three compressions of the message format: a zlib stream (RFC 1950), one lz4 block after its
// uncompressed length (4 bytes, little-endian), and one raw snappy block.
//
// Limits     `bytes_max` bounds the decompressed size. The length that lz4 and snappy data carry is believed
//            only as far as the compressed bytes could yield it, so a few bytes cannot ask for a large
//            allocation.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "workers/message/codec.hpp"
#include "workers/message/error.hpp"

namespace simplevisor::message {

[[nodiscard]] std::string_view name_of(Compression compression) noexcept;  // its token; "" for none

[[nodiscard]] Result<std::string> compressed(Compression compression, std::string_view bytes);
[[nodiscard]] Result<std::string> decompressed(Compression compression, std::string_view bytes,
                                               std::size_t bytes_max);

}  // namespace simplevisor::message
