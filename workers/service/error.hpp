// workers/service/error.hpp
//
// What a worker's program can end with, and the error type of what it needs to run.
//
// Semantics  the numbers of sysexits.h; the worker's README.md says when each is used. Callers branch on `code`; `message`
//            is one line that names what and where.
#pragma once

#include <cerrno>
#include <expected>
#include <string>
#include <utility>

namespace simplevisor::service {

enum class ExitCode : int {
  done = 0,            // drained: everything in hand was finished or given back
  failed = 1,          // not all was done that should have been
  usage = 64,          // the command line
  data = 65,           // what it was given to work on
  unavailable = 69,    // a broker that is not there, or went away
  internal = 70,       // a fault of this program
  cannot_create = 73,  // a queue directory
  temporary = 75,      // full disk, no descriptors: the same start may succeed later
  protocol = 76,       // the other side does not speak as it should
  permission = 77,     // of a file or of a broker's user: will not succeed until somebody acts
  config = 78,         // options that make no sense
};

// Of a file or directory that cannot be opened or made, by errno.
constexpr ExitCode of_making(int error) {
  switch (error) {
    case ENOSPC:
    case EDQUOT:
    case EMFILE:
    case ENFILE:
    case ENOMEM:
    case EIO:
      return ExitCode::temporary;
    case EACCES:
    case EPERM:
    case EROFS:
      return ExitCode::permission;
    default:
      return ExitCode::cannot_create;
  }
}

struct Error {
  ExitCode code = ExitCode::internal;
  std::string message;
};

template <class T>
using Result = std::expected<T, Error>;

inline std::unexpected<Error> fail(ExitCode code, std::string message) {
  return std::unexpected(Error{code, std::move(message)});
}

}  // namespace simplevisor::service
