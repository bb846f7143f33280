// tests/brokers/rabbitmq.hpp
//
// A RabbitMQ of a test's own: AMQP and STOMP on loopback, in a private directory, with a private epmd, node name,
// Erlang cookie and data. User guest, password guest.
//
// Life       started and ready when the constructor returns; everything is gone, directory included, after the
//            destructor, and the processes also when the test is killed. What is durable survives stop() or kill()
//            and start(), on the same ports.
// Time       a start takes about six seconds, a ctl() one or two: one broker for a whole suite where it can be shared.
// Errors     std::runtime_error with the broker's last words; also when the package is missing, since a peer that is
//            missing is a failure of the tests.
// Threads    that of its owner.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "tests/brokers/certificates.hpp"
#include "tests/brokers/kept_process.hpp"
#include "tests/brokers/port.hpp"

namespace simplevisor::test {

struct RabbitMqOptions {
  // TLS listeners beside the plain ones. A client certificate is asked for, not demanded; with SASL EXTERNAL (AMQP), or
  // with no login (STOMP), its common name, guest, is the user.
  bool tls = false;
  std::vector<std::string> configuration;  // further lines of rabbitmq.conf
};

class RabbitMq {
 public:
  explicit RabbitMq(RabbitMqOptions options = {});
  ~RabbitMq();

  void start();
  void stop();    // in order
  void kill();    // SIGKILL: a crash
  void freeze();  // SIGSTOP: sockets stay open, nobody answers
  void thaw();
  [[nodiscard]] pid_t pid() const;  // the Erlang machine's

  // rabbitmqctl, for example ctl({"list_queues", "name", "messages"}): what it printed, without headings.
  std::string ctl(const std::vector<std::string>& arguments);
  std::string eval(const std::string& expression) { return ctl({"eval", expression}); }
  // Writes out which queues and exchanges there are. The broker says that one is declared up to two seconds before it is
  // on disk: one that is killed in between comes back without the queue, and without what was confirmed to be in it.
  void sync_definitions() { eval("ok = mnesia:sync_log()."); }
  // Sets the disk alarm, on which the broker blocks publishers, for as long as the answer lives.
  class Alarm;
  [[nodiscard]] Alarm block();

  [[nodiscard]] std::uint16_t amqp_port() const noexcept { return amqp_.number(); }
  [[nodiscard]] std::uint16_t stomp_port() const noexcept { return stomp_.number(); }
  [[nodiscard]] std::uint16_t amqps_port() const noexcept { return amqps_.number(); }    // only with tls
  [[nodiscard]] std::uint16_t stomps_port() const noexcept { return stomps_.number(); }  // only with tls
  [[nodiscard]] std::string amqp_uri() const;  // amqp://guest:guest@127.0.0.1:PORT
  [[nodiscard]] const Certificates& certificates() const noexcept { return certificates_; }
  [[nodiscard]] const std::filesystem::path& directory() const noexcept { return directory_; }
  [[nodiscard]] std::string log() const;

 private:
  void configure() const;
  [[nodiscard]] Environment environment() const;
  void await_ready(int notifications);

  RabbitMqOptions options_;
  Port amqp_, stomp_, amqps_, stomps_, epmd_port_, distribution_;
  std::filesystem::path directory_;
  Certificates certificates_;
  std::unique_ptr<KeptProcess> epmd_;
  std::unique_ptr<KeptProcess> server_;
};

class RabbitMq::Alarm {
 public:
  explicit Alarm(RabbitMq& broker);
  Alarm(const Alarm&) = delete;
  Alarm& operator=(const Alarm&) = delete;
  ~Alarm();
  void clear();

 private:
  RabbitMq* broker_;
};

}  // namespace simplevisor::test
