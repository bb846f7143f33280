// workers/message/error.hpp
//
// The one way a message can be bad, and how it is said.
//
// Everything that fails in this library is a "malformed message": bytes that are no message, or a message
// that cannot be written. The reason is one line for people; `offset` is the byte of the input at (or just
// after) which the trouble was seen, when it is known.
#pragma once

#include <cstddef>
#include <expected>
#include <optional>
#include <string>

namespace simplevisor::message {

struct Malformed {
  std::string reason;
  std::optional<std::size_t> offset;

  // "malformed message at byte 12: header value of "k" is neither a string nor a number"
  [[nodiscard]] std::string text() const;
};

template <class T>
using Result = std::expected<T, Malformed>;

}  // namespace simplevisor::message
