// workers/consumer/error.hpp
//
// What a consumer's program can end with, and the error type of this folder.
//
// Semantics  the numbers of sysexits.h; README.md says when each is used. Callers branch on `code`; `message`
//            is one line that names what and where.
#pragma once

#include <expected>
#include <string>
#include <utility>

namespace simplevisor::consumer {

enum class ExitCode : int {
  done = 0,            // drained: everything in hand was finished or given back
  usage = 64,          // the command line
  internal = 70,       // a fault of this program
  cannot_create = 73,  // a queue directory
  temporary = 75,      // full disk, no descriptors: the same start may succeed later
  permission = 77,     // will not succeed until somebody acts
  config = 78,         // options that make no sense
};

struct Error {
  ExitCode code = ExitCode::internal;
  std::string message;
};

template <class T>
using Result = std::expected<T, Error>;

inline std::unexpected<Error> fail(ExitCode code, std::string message) {
  return std::unexpected(Error{code, std::move(message)});
}

}  // namespace simplevisor::consumer
