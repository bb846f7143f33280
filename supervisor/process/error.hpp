// supervisor/process/error.hpp
//
// How the functions of this folder say that something could not be done.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <system_error>

namespace simplevisor::process {

enum class Errc : std::uint8_t {
  not_found,      // no such program, user, group or cgroup
  not_permitted,  // it exists, but not for us
  invalid,        // what was asked for makes no sense
  system,         // a system call failed: see `cause`
};

struct Error {
  Errc code = Errc::system;
  std::string message;    // one line: which object, what failed, why
  std::error_code cause;  // errno, where there was one
};

template <class T>
using Result = std::expected<T, Error>;

// "MESSAGE: STRERROR" with the code that fits `error`.
[[nodiscard]] Error system_error(int error, std::string message);

}  // namespace simplevisor::process
