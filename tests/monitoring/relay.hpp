// tests/monitoring/relay.hpp
//
// Loopback TCP in front of a unix socket, for a client that speaks TCP only, and questions to such a server.
//
// Ends       with its owner, and every connection with it.
// Threads    one of its own.
#pragma once

#include <cstdint>
#include <string>
#include <thread>

namespace simplevisor::test {

class Relay {
 public:
  // Listens on 127.0.0.1:`port`; throws std::system_error when it cannot.
  Relay(std::uint16_t port, std::string socket_path);
  Relay(const Relay&) = delete;
  Relay& operator=(const Relay&) = delete;
  ~Relay();

 private:
  void run() const;

  std::string socket_path_;
  int listener_ = -1;
  int end_ = -1;  // readable: the relay ends
  std::thread thread_;
};

// The body of what 127.0.0.1:`port` answers to a GET; "" when nobody answers.
[[nodiscard]] std::string http_get(std::uint16_t port, const std::string& target);

}  // namespace simplevisor::test
