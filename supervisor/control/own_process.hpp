// supervisor/control/own_process.hpp
//
// What our own process uses, from /proc/self.
//
// Cost       three files, and the names of our descriptors where the kernel does not count them (before 6.2).
// Errors     what cannot be read is absent.
// Threads    any.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

namespace simplevisor::control {

struct OwnProcess {
  std::optional<std::chrono::nanoseconds> cpu{};  // user and system, all threads
  std::optional<std::uint64_t> resident_bytes{};
  std::optional<std::uint64_t> virtual_bytes{};
  std::optional<std::uint64_t> threads{};
  std::optional<std::uint64_t> descriptors{};
  std::optional<std::uint64_t> descriptors_max{};
  std::optional<std::chrono::system_clock::time_point> started{};
};

[[nodiscard]] OwnProcess own_process();

}  // namespace simplevisor::control
