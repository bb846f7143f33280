#include "workers/sarra/digest.hpp"

#include <openssl/evp.h>

#include <array>
#include <stdexcept>

namespace simplevisor::sarra {
namespace {

const EVP_MD* algorithm(std::string_view method) {
  if (method == "md5") return EVP_md5();
  if (method == "sha512") return EVP_sha512();
  if (method == "sha256") return EVP_sha256();
  return nullptr;
}

EVP_MD_CTX* context_of(void* context) {
  return static_cast<EVP_MD_CTX*>(context);
}

int nibble(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

void Digest::Free::operator()(void* context) const {
  EVP_MD_CTX_free(context_of(context));
}

std::optional<Digest> Digest::of(std::string_view method) {
  const EVP_MD* const chosen = algorithm(method);
  if (chosen == nullptr) return std::nullopt;
  Digest made{EVP_MD_CTX_new()};
  if (made.context_ == nullptr) throw std::bad_alloc{};
  if (EVP_DigestInit_ex(context_of(made.context_.get()), chosen, nullptr) != 1) return std::nullopt;
  return made;
}

void Digest::update(std::string_view bytes) {
  if (EVP_DigestUpdate(context_of(context_.get()), bytes.data(), bytes.size()) != 1) {
    throw std::runtime_error{"libcrypto refuses to go on with a checksum"};
  }
}

std::string Digest::finish() {
  std::array<unsigned char, EVP_MAX_MD_SIZE> bytes{};
  unsigned size = 0;
  if (EVP_DigestFinal_ex(context_of(context_.get()), bytes.data(), &size) != 1) {
    throw std::runtime_error{"libcrypto refuses to finish a checksum"};
  }
  return {reinterpret_cast<const char*>(bytes.data()), size};
}

bool can_calculate(std::string_view method) {
  return Digest::of(method).has_value();
}

std::optional<std::string> digest(std::string_view method, std::string_view bytes) {
  auto made = Digest::of(method);
  if (!made) return std::nullopt;
  made->update(bytes);
  return made->finish();
}

std::string hex(std::string_view bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    text += digits[byte >> 4U];
    text += digits[byte & 15U];
  }
  return text;
}

std::optional<std::string> unhex(std::string_view text) {
  if (text.size() % 2 != 0) return std::nullopt;
  std::string bytes;
  bytes.reserve(text.size() / 2);
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const int high = nibble(text[i]);
    const int low = nibble(text[i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    bytes += static_cast<char>(high * 16 + low);
  }
  return bytes;
}

}  // namespace simplevisor::sarra
