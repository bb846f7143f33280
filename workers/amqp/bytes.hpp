// workers/amqp/bytes.hpp
//
// Between the library's byte strings and views. Neither side owns anything.
#pragma once

#include <amqp.h>

#include <string_view>

namespace simplevisor::amqp {

inline std::string_view view(const amqp_bytes_t& bytes) {
  return {static_cast<const char*>(bytes.bytes), bytes.len};
}

// The library's type has no const; it does not write to what it sends.
inline amqp_bytes_t bytes(std::string_view text) {
  return {text.size(), const_cast<char*>(text.data())};
}

}  // namespace simplevisor::amqp
