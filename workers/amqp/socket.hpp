// workers/amqp/socket.hpp
//
// A TCP connection within a time limit, given up at once when a descriptor becomes readable.
//
// Why        rabbitmq-c connects too, but nothing can interrupt it then. Only a name that is being looked up cannot be
//            interrupted here either: the C library knows no other way.
// Errors     Kind::unavailable, naming the host and what the last of its addresses said.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "workers/broker/failure.hpp"

namespace simplevisor::amqp {

// Non-blocking, without Nagle's delay, closed on exec; the caller owns it.
[[nodiscard]] broker::Result<int> connect_tcp(const std::string& host, std::uint16_t port,
                                              std::chrono::milliseconds limit, int abandon_fd);

}  // namespace simplevisor::amqp
