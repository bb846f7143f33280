// tests/brokers/activemq.hpp
//
// An ActiveMQ of a test's own: STOMP on loopback, private directory and data, any login accepted.
//
// Life       as RabbitMq's (rabbitmq.hpp). A start takes about five seconds.
// Errors     std::runtime_error, with the broker's last words.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "tests/brokers/kept_process.hpp"
#include "tests/brokers/port.hpp"

namespace simplevisor::test {

class ActiveMq {
 public:
  ActiveMq();
  ~ActiveMq();

  void start();
  void stop();    // in order
  void kill();    // SIGKILL: a crash
  void freeze();  // SIGSTOP
  void thaw();

  [[nodiscard]] std::uint16_t stomp_port() const noexcept { return stomp_.number(); }
  [[nodiscard]] const std::filesystem::path& directory() const noexcept { return directory_; }
  [[nodiscard]] std::string log() const;

 private:
  void configure() const;
  void await_listener() const;

  Port stomp_;
  std::filesystem::path directory_;
  std::unique_ptr<KeptProcess> server_;
};

}  // namespace simplevisor::test
