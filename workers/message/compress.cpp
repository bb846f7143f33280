#include "workers/message/compress.hpp"

#include <fmt/format.h>
#include <lz4.h>
#include <snappy.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <memory>
#include <utility>

namespace simplevisor::message {
namespace {

constexpr std::size_t lz4_prefix_bytes = 4;
// What one compressed byte can yield at most: an lz4 length byte adds 255, a snappy copy of two bytes
// gives 64.
constexpr std::size_t lz4_ratio_max = 256;
constexpr std::size_t snappy_ratio_max = 64;

std::unexpected<Malformed> malformed(std::string reason) {
  return std::unexpected(Malformed{std::move(reason), {}});
}

std::unexpected<Malformed> corrupt(std::string_view name) {
  return malformed(fmt::format("corrupt {} data", name));
}

std::unexpected<Malformed> too_large(std::size_t bytes_max) {
  return malformed(fmt::format("decompressed body exceeds the limit of {} bytes", bytes_max));
}

Result<std::string> deflated(std::string_view bytes) {
  uLongf size = compressBound(bytes.size());
  std::string out(size, '\0');
  const int outcome = compress(reinterpret_cast<Bytef*>(out.data()), &size,
                               reinterpret_cast<const Bytef*>(bytes.data()), bytes.size());
  if (outcome != Z_OK) return malformed(fmt::format("zlib cannot compress: error {}", outcome));
  out.resize(size);
  return out;
}

// zlib says nothing of the size to come, so the output is taken piece by piece and the limit checked on the
// way.
Result<std::string> inflated(std::string_view bytes, std::size_t bytes_max) {
  if (bytes.size() > std::numeric_limits<uInt>::max()) return malformed("zlib data is too long");
  z_stream stream{};
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));  // NOLINT: zlib reads it only
  stream.avail_in = static_cast<uInt>(bytes.size());
  if (inflateInit(&stream) != Z_OK) return malformed("zlib cannot start");
  const std::unique_ptr<z_stream, int (*)(z_stream*)> end{&stream, &inflateEnd};

  std::string out;
  std::array<char, 65536> piece;  // NOLINT: filled by inflate
  for (;;) {
    stream.next_out = reinterpret_cast<Bytef*>(piece.data());
    stream.avail_out = piece.size();
    const int outcome = inflate(&stream, Z_NO_FLUSH);
    if (outcome != Z_OK && outcome != Z_STREAM_END) return corrupt("zlib");
    const std::size_t got = piece.size() - stream.avail_out;
    if (got > bytes_max - out.size()) return too_large(bytes_max);
    out.append(piece.data(), got);
    if (outcome == Z_STREAM_END) break;
  }
  if (stream.avail_in != 0) return malformed("zlib data goes on after its end");
  return out;
}

Result<std::string> lz4_block(std::string_view bytes) {
  if (bytes.size() > LZ4_MAX_INPUT_SIZE) return malformed("body is too long for lz4");
  const int bound = LZ4_compressBound(static_cast<int>(bytes.size()));
  std::string out(lz4_prefix_bytes + static_cast<std::size_t>(bound), '\0');
  for (std::size_t i = 0; i < lz4_prefix_bytes; ++i)
    out[i] = static_cast<char>(bytes.size() >> 8U * i & 0xFFU);
  const int size = LZ4_compress_default(bytes.data(), out.data() + lz4_prefix_bytes,
                                        static_cast<int>(bytes.size()), bound);
  if (size <= 0) return malformed("lz4 cannot compress");
  out.resize(lz4_prefix_bytes + static_cast<std::size_t>(size));
  return out;
}

Result<std::string> lz4_unblocked(std::string_view bytes, std::size_t bytes_max) {
  if (bytes.size() < lz4_prefix_bytes) return malformed("lz4 data is shorter than its length field");
  std::size_t claimed = 0;
  for (std::size_t i = 0; i < lz4_prefix_bytes; ++i) {
    claimed |= std::size_t{static_cast<std::uint8_t>(bytes[i])} << 8U * i;
  }
  const std::string_view block = bytes.substr(lz4_prefix_bytes);
  if (claimed > bytes_max) return too_large(bytes_max);
  if (claimed > block.size() * lz4_ratio_max || claimed > LZ4_MAX_INPUT_SIZE ||
      block.size() > LZ4_MAX_INPUT_SIZE) {
    return corrupt("lz4");
  }
  std::string out(claimed, '\0');
  const int got = LZ4_decompress_safe(block.data(), out.data(), static_cast<int>(block.size()),
                                      static_cast<int>(claimed));
  if (got < 0 || static_cast<std::size_t>(got) != claimed) return corrupt("lz4");
  return out;
}

Result<std::string> snappy_block(std::string_view bytes) {
  if (bytes.size() > std::numeric_limits<std::uint32_t>::max())
    return malformed("body is too long for snappy");
  std::string out;
  snappy::Compress(bytes.data(), bytes.size(), &out);
  return out;
}

Result<std::string> snappy_unblocked(std::string_view bytes, std::size_t bytes_max) {
  std::size_t claimed = 0;
  if (!snappy::GetUncompressedLength(bytes.data(), bytes.size(), &claimed)) return corrupt("snappy");
  if (claimed > bytes_max) return too_large(bytes_max);
  if (claimed > bytes.size() * snappy_ratio_max) return corrupt("snappy");
  std::string out(claimed, '\0');
  if (!snappy::RawUncompress(bytes.data(), bytes.size(), out.data())) return corrupt("snappy");
  return out;
}

}  // namespace

std::string_view name_of(Compression compression) noexcept {
  switch (compression) {
    case Compression::none:
      return "";
    case Compression::zlib:
      return "zlib";
    case Compression::lz4:
      return "lz4";
    case Compression::snappy:
      return "snappy";
  }
  std::unreachable();
}

Result<std::string> compressed(Compression compression, std::string_view bytes) {
  switch (compression) {
    case Compression::none:
      return std::string{bytes};
    case Compression::zlib:
      return deflated(bytes);
    case Compression::lz4:
      return lz4_block(bytes);
    case Compression::snappy:
      return snappy_block(bytes);
  }
  std::unreachable();
}

Result<std::string> decompressed(Compression compression, std::string_view bytes, std::size_t bytes_max) {
  switch (compression) {
    case Compression::none:
      return std::string{bytes};
    case Compression::zlib:
      return inflated(bytes, bytes_max);
    case Compression::lz4:
      return lz4_unblocked(bytes, bytes_max);
    case Compression::snappy:
      return snappy_unblocked(bytes, bytes_max);
  }
  std::unreachable();
}

}  // namespace simplevisor::message
