#include "workers/message/message.hpp"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <array>
#include <string_view>

#include "workers/message/text.hpp"

namespace simplevisor::message {
namespace {

Result<std::string> md5_hex(std::string_view bytes) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  if (EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, EVP_md5(), nullptr) != 1) {
    return std::unexpected(Malformed{"no checksum: libcrypto refuses MD5", {}});
  }
  std::string hex;
  for (unsigned i = 0; i < size; ++i) fmt::format_to(std::back_inserter(hex), "{:02x}", digest[i]);
  return hex;
}

}  // namespace

std::string Malformed::text() const {
  return offset ? fmt::format("malformed message at byte {}: {}", *offset, reason)
                : fmt::format("malformed message: {}", reason);
}

std::size_t statistical_size(const Message& message) noexcept {
  std::size_t size = 1 + (message.text ? code_points(message.body) : message.body.size());
  for (const auto& [key, value] : message.header) size += 2 + code_points(key) + code_points(value);
  return size;
}

Result<std::string> checksum(const Message& message) {
  std::string header;
  for (const auto& [key, value] : message.header) {  // bytewise order of UTF-8 is code point order
    header += key;
    header += ':';
    header += value;
    header += '\n';
  }
  const auto of_header = md5_hex(header);
  if (!of_header) return of_header;
  const auto of_body = md5_hex(message.body);
  if (!of_body) return of_body;
  return md5_hex((message.text ? "1" : "0") + *of_header + *of_body);
}

}  // namespace simplevisor::message
