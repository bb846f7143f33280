// tests/brokers/port.hpp
//
// A TCP port on loopback for one test alone.
//
// Chosen     at random in 10000..29999, below the range from which the system takes ports for outgoing connections:
//            a port of that range can be taken by anybody between the choice and the broker's start.
// Kept       for the life of this object, against other tests: they claim an abstract socket named after the port.
#pragma once

#include <cstdint>

namespace simplevisor::test {

class Port {
 public:
  Port();  // throws std::runtime_error when none is free
  Port(const Port&) = delete;
  Port& operator=(const Port&) = delete;
  ~Port();

  [[nodiscard]] std::uint16_t number() const noexcept { return number_; }

 private:
  [[nodiscard]] bool claim(std::uint16_t number);

  std::uint16_t number_ = 0;
  int claim_ = -1;
};

}  // namespace simplevisor::test
