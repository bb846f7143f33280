// workers/message/message.hpp
//
// What a message is: a header (text to text), a body, and whether that body is text.
//
// Body       always bytes; `text` says that they are the UTF-8 of a text. Decoding guarantees it, encoding
//            refuses a message in which it is not so.
// Header     keys and values are UTF-8; keys are unique and their order means nothing.
// Semantics  python-messaging 1.2 and Messaging::Message 1.7; a newly made message is the same empty, binary
//            message as theirs. Equality is symmetric: text flag, body and header.
// Threads    plain values.
#pragma once

#include <cstddef>
#include <map>
#include <string>

#include "workers/message/error.hpp"

namespace simplevisor::message {

using Header = std::map<std::string, std::string, std::less<>>;

struct Message {
  Header header;
  std::string body;
  bool text = false;

  friend bool operator==(const Message&, const Message&) = default;
};

// The approximate size that statistics are made of: 1 + body + 2 + key + value for each header field, where
// the length of a text body, of keys and of values is counted in characters (code points).
[[nodiscard]] std::size_t statistical_size(const Message& message) noexcept;

// The identity that interoperability tests compare: md5(flag + md5(header) + md5(body)), 32 lower-case hex
// digits. Not a protection against anybody. Fails only where the system's libcrypto refuses MD5 (FIPS mode).
[[nodiscard]] Result<std::string> checksum(const Message& message);

}  // namespace simplevisor::message
