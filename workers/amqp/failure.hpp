// workers/amqp/failure.hpp
//
// What a broker's reply codes, and the library's status codes, mean for the caller.
#pragma once

#include <amqp.h>

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

#include "workers/broker/failure.hpp"

namespace simplevisor::amqp {

// Why a request was not done.
struct Problem {
  broker::Failure failure;
  bool channel_only = false;  // the channel is closed, the connection is well
  std::uint16_t code = 0;     // of the broker; 0: it said nothing
  bool message_to_blame = false;
};

[[nodiscard]] broker::Failure::Kind kind_of(std::uint16_t reply_code, std::string_view reply_text) noexcept;

// `what` was tried: "queue.declare of q1".
[[nodiscard]] Problem closed_by_broker(std::string_view what, std::uint16_t code, std::string_view text,
                                       bool channel_only);
[[nodiscard]] Problem library_problem(std::string_view what, int status);

// The outcome of a request to the broker.
[[nodiscard]] std::expected<void, Problem> outcome(std::string_view what, const amqp_rpc_reply_t& reply);

}  // namespace simplevisor::amqp
