// tests/eventually.hpp
//
// Asks again and again until it is so; false after `patience`. For facts that nobody announces to us: what another
// process has written, how far a broker is.
//
// Time   decides how often we look, never what we find. Between two looks the processor is left to those that we
//        wait for: a test that spins is what makes others late.
#pragma once

#include <poll.h>

#include <chrono>

namespace simplevisor::test {

template <class Fact>
[[nodiscard]] bool eventually(Fact&& is_so, std::chrono::seconds patience = std::chrono::seconds{120}) {
  constexpr int between_looks_ms = 5;
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (!is_so()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    ::poll(nullptr, 0, between_looks_ms);
  }
  return true;
}

}  // namespace simplevisor::test
