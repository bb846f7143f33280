// workers/amqp/socket.hpp
//
// A name's addresses and a TCP connection within a time limit, given up at once when a descriptor becomes readable.
//
// Why        rabbitmq-c does both too, but nothing can interrupt it then.
// Errors     Kind::unavailable, naming the host and what the last of its addresses said.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "workers/broker/failure.hpp"
#include "workers/broker/name_lookup.hpp"

namespace simplevisor::amqp {

using Clock = std::chrono::steady_clock;

// Has addresses as its answer.
[[nodiscard]] broker::Result<std::unique_ptr<broker::NameLookup>> look_up(const std::string& host,
                                                                          std::uint16_t port,
                                                                          Clock::time_point deadline,
                                                                          int abandon_fd);

// Non-blocking, without Nagle's delay, closed on exec; the caller owns it.
[[nodiscard]] broker::Result<int> connect_tcp(const std::string& host, std::uint16_t port,
                                              std::chrono::milliseconds limit, int abandon_fd);

}  // namespace simplevisor::amqp
