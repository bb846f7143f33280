// workers/broker/failure.hpp
//
// What can be wrong with a broker or another end of a transfer, or with how it was described to us, by what the caller can
// do about it.
//
// The message is one line for people: which object, what is wrong, and where. No secret is ever part of it.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <utility>

namespace simplevisor::broker {

struct Failure {
  enum class Kind : std::uint8_t {
    configuration,   // a wrong URI, destination or header: will not get better by itself
    authentication,  // the broker does not know us, or it or the system does not let us
    no_place,        // a queue on disk that can be neither opened nor made
    unavailable,     // no broker there, or it went away
    temporary,       // the broker cannot at the moment
    protocol,        // one side does not speak as it should
  };
  Kind kind = Kind::unavailable;
  std::string message;
};

template <class T>
using Result = std::expected<T, Failure>;

[[nodiscard]] inline std::unexpected<Failure> misconfigured(std::string message) {
  return std::unexpected(Failure{Failure::Kind::configuration, std::move(message)});
}

}  // namespace simplevisor::broker
