// tests/core/dice.hpp
//
// Repeatable randomness that does not depend on the order of the questions: what a process does is decided by
// the seed, its name and the number of its start, so two trees can meet the same world.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string_view>

#include "supervisor/core/spec.hpp"

namespace simplevisor::core::testing {

class Dice {
 public:
  explicit Dice(std::uint64_t seed) : state_{seed} {}
  Dice(std::uint64_t seed, std::string_view name, std::uint64_t number) : state_{seed} {
    for (const char c : name) state_ = (state_ ^ static_cast<unsigned char>(c)) * 0x100000001b3;
    state_ ^= number * 0x9e3779b97f4a7c15;
    roll();
  }

  std::uint64_t roll() {  // splitmix64
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }
  // 0 .. below-1
  std::uint64_t roll(std::uint64_t below) { return roll() % below; }
  bool percent(std::uint64_t chance) { return roll(100) < chance; }
  Milliseconds up_to(Milliseconds most) {
    return Milliseconds{roll(static_cast<std::uint64_t>(most.count()) + 1)};
  }
  template <class T>
  T one_of(std::initializer_list<T> values) {
    return values.begin()[roll(values.size())];
  }

 private:
  std::uint64_t state_;
};

}  // namespace simplevisor::core::testing
