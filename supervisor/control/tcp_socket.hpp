// supervisor/control/tcp_socket.hpp
//
// Listening on TCP, with nothing but system calls.
//
// Errors     errno as std::error_code. Every descriptor is close-on-exec and does not block.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <system_error>

#include "supervisor/control/unix_socket.hpp"

namespace simplevisor::control {

// `address`: numeric, of either family. Port 0: one that is free.
std::expected<Fd, std::error_code> listen_on_tcp(const std::string& address, std::uint16_t port, int backlog);

[[nodiscard]] std::uint16_t local_port(int fd);
// "192.0.2.1:80", "[2001:db8::1]:80".
[[nodiscard]] std::string remote_address(int fd);
[[nodiscard]] bool is_loopback(const std::string& address);

}  // namespace simplevisor::control
