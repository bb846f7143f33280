// tests/amqp/driver.hpp
//
// One amqp::Client and what it told, driven from a test's thread: the loop runs until something has happened.
#pragma once

#include <gmock/gmock.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "tests/brokers/rabbitmq.hpp"
#include "workers/amqp/client.hpp"

namespace simplevisor::amqp {

inline constexpr std::chrono::seconds patience{120};

inline Options options_for(std::uint16_t port) {
  Options options;
  options.endpoint.protocol = broker::Protocol::amqp;
  options.endpoint.host = "127.0.0.1";
  options.endpoint.port = port;
  options.reliable = true;
  return options;
}

inline message::Message message_to(std::string destination, std::string body = "hello") {
  return {.header = {{"destination", std::move(destination)}}, .body = std::move(body), .text = false};
}

class Driver {
 public:
  explicit Driver(Options options) {
    client_.emplace(loop_.get_executor(), std::move(options),
                    [this](broker::Event event) { take(std::move(event)); });
  }

  Client& operator*() { return *client_; }
  Client* operator->() { return &*client_; }
  void destroy() { client_.reset(); }

  // False: it has not happened within the patience.
  bool run_until(const std::function<bool()>& happened, std::chrono::milliseconds limit = patience) {
    const auto deadline = std::chrono::steady_clock::now() + limit;
    while (!happened()) {
      loop_.restart();
      if (loop_.run_one_until(deadline) == 0 && std::chrono::steady_clock::now() >= deadline)
        return happened();
    }
    return true;
  }
  // The rest of what is posted already.
  void run_posted() {
    loop_.restart();
    loop_.poll();
  }

  [[nodiscard]] bool connect() {
    client_->connect();
    return run_until([&] { return connected || closed; }) && connected;
  }
  [[nodiscard]] bool decided(std::size_t count) {
    return run_until(
        [&] { return confirmed.size() + refused.size() + not_confirmed.size() >= count || closed; });
  }
  [[nodiscard]] bool received(std::size_t count) {
    return run_until([&] { return deliveries.size() >= count || closed; }) && deliveries.size() >= count;
  }
  [[nodiscard]] bool ended() {
    return run_until([&] { return closed.has_value(); });
  }
  [[nodiscard]] bool disconnect() {
    client_->disconnect();
    return ended() && !closed->failure;
  }
  [[nodiscard]] std::string failure() const {
    return closed && closed->failure ? closed->failure->message : "";
  }
  [[nodiscard]] std::optional<broker::Failure::Kind> failure_kind() const {
    return closed && closed->failure ? std::optional(closed->failure->kind) : std::nullopt;
  }

  std::optional<broker::Connected> connected;
  std::vector<broker::Delivered> deliveries;
  std::set<broker::Ticket> confirmed;
  std::map<broker::Ticket, std::string> refused, not_confirmed;
  std::size_t blocked = 0;
  std::size_t unblocked = 0;
  std::optional<broker::Closed> closed;
  std::function<void(const broker::Delivered&)> on_delivery;

 private:
  void take(broker::Event event) {
    EXPECT_FALSE(closed) << "an event after Closed";
    std::visit([this](auto& what) { note(std::move(what)); }, event);
  }
  void note(broker::Connected what) { connected = std::move(what); }
  void note(broker::Delivered what) {
    deliveries.push_back(std::move(what));
    if (on_delivery) on_delivery(deliveries.back());
  }
  void note(broker::Confirmed what) { EXPECT_TRUE(confirmed.insert(what.ticket).second) << "decided twice"; }
  void note(broker::NotConfirmed what) { not_confirmed[what.ticket] = what.reason; }
  void note(broker::Refused what) { refused[what.ticket] = what.reason; }
  void note(broker::Blocked) { ++blocked; }
  void note(broker::Unblocked) { ++unblocked; }
  void note(broker::Closed what) { closed = std::move(what); }

  boost::asio::io_context loop_;
  std::optional<Client> client_;
};

// One broker for all tests of a program, with TLS; each test uses queues of its own name.
class WithRabbitMq : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    if (!broker_)
      broker_ = std::make_unique<test::RabbitMq>(test::RabbitMqOptions{.tls = true, .configuration = {}});
  }
  static void TearDownTestSuite() { broker_.reset(); }
  static test::RabbitMq& rabbit() { return *broker_; }
  static Options options() { return options_for(broker_->amqp_port()); }
  static std::string queue() {
    return std::string("q.") + testing::UnitTest::GetInstance()->current_test_info()->name();
  }
  static std::string to_queue() { return "/queue/" + queue(); }
  // The number of messages in a queue, for list_queues is not exact while they move: 0 when it is not there.
  static std::size_t depth(const std::string& name) {
    const std::string counted =
        broker_->eval("case rabbit_amqqueue:lookup(rabbit_misc:r(<<\"/\">>, queue, <<\"" + name +
                      "\">>)) of {ok, Q} -> {ok, R, _} = rabbit_amqqueue:stat(Q), R; _ -> 0 end.");
    return std::stoul(counted);
  }

 private:
  inline static std::unique_ptr<test::RabbitMq> broker_;
};

}  // namespace simplevisor::amqp
