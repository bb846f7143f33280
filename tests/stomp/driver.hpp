// tests/stomp/driver.hpp
//
// A client under test: keeps what it tells, and runs the loop until something is true.
#pragma once

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <vector>

#include "workers/stomp/client.hpp"

namespace simplevisor::stomp {

class Driver {
 public:
  Driver(boost::asio::io_context& loop, Options options) : loop_{loop} {
    client_ = std::make_unique<Client>(loop.get_executor(), std::move(options), [this](broker::Event event) {
      EXPECT_FALSE(in_call_) << "an event came from within a call";
      EXPECT_FALSE(closed()) << "an event came after Closed";
      if (auto* const delivered = std::get_if<broker::Delivered>(&event)) {
        deliveries.push_back(std::move(*delivered));
        if (on_delivery) on_delivery(deliveries.back());
        return;
      }
      events.push_back(std::move(event));
    });
  }

  Client& operator*() { return *client_; }
  Client* operator->() { return client_.get(); }

  template <class Call>
  void call(Call call) {
    in_call_ = true;
    call(*client_);
    in_call_ = false;
  }

  // False: not within the time.
  [[nodiscard]] bool until(const std::function<bool()>& fact,
                           std::chrono::milliseconds limit = std::chrono::seconds{120}) {
    const auto end = std::chrono::steady_clock::now() + limit;
    while (!fact()) {
      if (loop_.stopped()) loop_.restart();
      if (std::chrono::steady_clock::now() >= end) return false;
      loop_.run_one_until(end);
    }
    return true;
  }

  template <class Kind>
  [[nodiscard]] std::size_t count() const {
    return static_cast<std::size_t>(
        std::ranges::count_if(events, [](const auto& event) { return std::holds_alternative<Kind>(event); }));
  }
  template <class Kind>
  [[nodiscard]] const Kind* first() const {
    for (const auto& event : events) {
      if (const auto* const found = std::get_if<Kind>(&event)) return found;
    }
    return nullptr;
  }

  // Asserted by tests through the outcome: "" when connected, else why not.
  [[nodiscard]] std::string connect() {
    call([](Client& client) { client.connect(); });
    if (!until([this] { return count<broker::Connected>() > 0 || closed(); }))
      return "neither connected nor closed";
    return count<broker::Connected>() > 0 ? "" : "closed: " + failure().message;
  }
  [[nodiscard]] bool disconnect() {
    call([](Client& client) { client.disconnect(); });
    return until([this] { return closed(); }) && !first<broker::Closed>()->failure;
  }
  void publish(broker::Ticket ticket, const message::Message& message) {
    call([&](Client& client) { client.publish(ticket, message); });
  }

  [[nodiscard]] bool closed() const { return first<broker::Closed>() != nullptr; }
  [[nodiscard]] broker::Failure failure() const {
    const auto* const end = first<broker::Closed>();
    if (end == nullptr) return {broker::Failure::Kind::protocol, "still open"};
    return end->failure.value_or(broker::Failure{broker::Failure::Kind::protocol, "closed without failure"});
  }

  std::vector<broker::Event> events;  // all but deliveries
  std::vector<broker::Delivered> deliveries;
  std::function<void(const broker::Delivered&)> on_delivery;

  void let_go() { client_.reset(); }

 private:
  boost::asio::io_context& loop_;
  std::unique_ptr<Client> client_;
  bool in_call_ = false;
};

}  // namespace simplevisor::stomp
