// workers/amqp/fingerprint.hpp
//
// A number for the content of a publishing, the same when it is sent and when the broker returns it.
//
// Covers     exchange, routing key, body, the headers table in any order, and the properties that are text. Not a
//            protection against anybody: a collision between two messages of one window, of which one cannot be routed,
//            would blame the wrong one.
#pragma once

#include <amqp.h>
#include <amqp_framing.h>

#include <cstdint>
#include <string_view>

namespace simplevisor::amqp {

[[nodiscard]] std::uint64_t fingerprint(const amqp_basic_properties_t& properties);
[[nodiscard]] std::uint64_t fingerprint(std::string_view exchange, std::string_view routing_key,
                                        std::uint64_t properties, std::string_view body);

}  // namespace simplevisor::amqp
