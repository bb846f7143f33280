#include "workers/broker/masking.hpp"

#include <cstddef>
#include <string_view>

namespace simplevisor::broker {
namespace {

constexpr std::size_t secret_bytes_min = 6;
constexpr std::string_view mask = "***";

bool in_a_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
         static_cast<unsigned char>(c) >= 0x80;
}

}  // namespace

std::string masked(std::string text, const Secret& secret) {
  const std::string& word = secret.reveal();
  if (word.size() < secret_bytes_min) return text;
  for (std::size_t at = 0; (at = text.find(word, at)) != std::string::npos;) {
    const std::size_t end = at + word.size();
    const bool whole = (at == 0 || !in_a_word(text[at - 1])) && (end == text.size() || !in_a_word(text[end]));
    if (whole) text.replace(at, word.size(), mask);
    at += whole ? mask.size() : 1;
  }
  return text;
}

}  // namespace simplevisor::broker
