// tests/mutator.hpp
//
// Damages bytes at random, the same way for the same seed: what a machine without a fuzzer can try in seconds.
#pragma once

#include <cstdint>
#include <random>
#include <span>
#include <string>
#include <string_view>

namespace simplevisor::test {

class Mutator {
 public:
  // `pieces`: words of the language, put in now and then. They are kept as long as this is.
  Mutator(std::uint32_t seed, std::span<const std::string_view> pieces) : random_{seed}, pieces_{pieces} {}

  [[nodiscard]] std::string mutate(std::string bytes) {
    for (std::size_t rounds = 1 + below(4); rounds > 0; --rounds) mutate_once(bytes);
    return bytes;
  }
  [[nodiscard]] std::size_t below(std::size_t limit) {
    return std::uniform_int_distribution<std::size_t>{0, limit - 1}(random_);
  }

 private:
  void mutate_once(std::string& bytes) {
    if (bytes.empty()) bytes = pieces_.front();
    const std::size_t at = below(bytes.size());
    switch (below(6)) {
      case 0:
        bytes[at] = static_cast<char>(below(256));
        break;
      case 1:
        bytes[at] = static_cast<char>(bytes[at] ^ (1 << below(8)));
        break;
      case 2:
        bytes.erase(at, 1 + below(8));
        break;
      case 3:
        bytes.insert(at, pieces_[below(pieces_.size())]);
        break;
      case 4:
        bytes.resize(at);
        break;
      default:
        bytes.insert(at, bytes.substr(below(bytes.size()), 1 + below(64)));
    }
  }

  std::mt19937 random_;
  std::span<const std::string_view> pieces_;
};

}  // namespace simplevisor::test
