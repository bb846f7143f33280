// tests/bench/harness/error.hpp
//
// What may go wrong in a measurement, in the words of the report.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <utility>

namespace simplevisor::bench {

enum class Errc : std::uint8_t {
  system_call,  // the harness itself could not do something
  unavailable,  // the system is not installed here, or cannot run that many workers
  lost,         // workers sent no beacon in time: not started, or not started again
  ended,        // the system under test ended by itself
  stuck,        // it did not end when told to
  interrupted,  // SIGINT or SIGTERM to the harness
};

struct Error {
  Errc code;
  std::string message;  // one line: which system, what, how many
};

template <class T>
using Result = std::expected<T, Error>;

inline std::unexpected<Error> fail(Errc code, std::string message) {
  return std::unexpected(Error{code, std::move(message)});
}

// With the text of errno behind it.
std::unexpected<Error> fail_errno(std::string what);

}  // namespace simplevisor::bench
