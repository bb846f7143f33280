// supervisor/runtime/storage_error.hpp
//
// What may go wrong with the files the supervisor keeps: its state directory, its logs, its FIFOs.
#pragma once

#include <cerrno>
#include <cstdint>
#include <expected>
#include <string>
#include <system_error>
#include <utility>

namespace simplevisor::runtime {

struct StorageError {
  enum class Code : std::uint8_t {
    system,           // a system call failed; `cause` says how
    already_running,  // another supervisor holds the state directory
    bad_name,         // too long, or not a name that may be used here
    bad_setting,      // a value of the configuration means nothing to this machine
  };
  Code code = Code::system;
  std::string message;  // one line: which object, what failed, why
  std::error_code cause{};
};

template <class T>
using StorageResult = std::expected<T, StorageError>;

// "cannot WHAT: why errno says it could not".
inline std::unexpected<StorageError> system_failure(const std::string& what, int error) {
  const std::error_code cause{error, std::system_category()};
  return std::unexpected(
      StorageError{StorageError::Code::system, "cannot " + what + ": " + cause.message(), cause});
}

inline std::unexpected<StorageError> storage_failure(StorageError::Code code, std::string message) {
  return std::unexpected(StorageError{code, std::move(message), {}});
}

}  // namespace simplevisor::runtime
