#include "workers/sarra/publisher.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <memory>
#include <utility>

#include "workers/amqp/client.hpp"
#include "workers/sarra/destinations.hpp"

namespace simplevisor::sarra {
namespace {

using Kind = broker::Failure::Kind;

class Publisher {
 public:
  Publisher(const PublisherOptions& options, const std::function<std::optional<Outgoing>()>& next)
      : options_{options}, next_{next} {}

  std::expected<std::size_t, broker::Failure> run() {
    amqp::Options connection = options_.connection;
    connection.reliable = true;
    connection.mandatory = false;
    client_ = std::make_unique<amqp::Client>(io_.get_executor(), std::move(connection),
                                             [this](const broker::Event& event) { heard(event); });
    client_->connect();
    // Its events are posted from a thread of its own.
    const auto work = boost::asio::make_work_guard(io_);
    io_.run();
    if (failure_) return std::unexpected(*std::move(failure_));
    return confirmed_;
  }

 private:
  void heard(const broker::Event& event) {
    if (std::holds_alternative<broker::Connected>(event)) return send();
    if (std::holds_alternative<broker::Blocked>(event)) blocked_ = true;
    if (std::holds_alternative<broker::Unblocked>(event)) {
      blocked_ = false;
      send();
    }
    if (std::holds_alternative<broker::Confirmed>(event)) {
      ++confirmed_;
      send();
    }
    if (const auto* answer = std::get_if<broker::NotConfirmed>(&event))
      leave(Kind::temporary, answer->reason);
    if (const auto* answer = std::get_if<broker::Refused>(&event)) leave(Kind::configuration, answer->reason);
    if (const auto* closed = std::get_if<broker::Closed>(&event)) {
      if (closed->failure && !failure_) failure_ = closed->failure;
      io_.stop();
    }
  }

  void send() {
    if (leaving_) return;
    while (!blocked_ && !over_ && sent_ - confirmed_ < options_.window) {
      auto outgoing = next_();
      over_ = !outgoing;
      if (outgoing) publish(std::move(*outgoing));
    }
    if (!over_ || sent_ != confirmed_) return;
    leaving_ = true;
    client_->disconnect();
  }

  void publish(Outgoing outgoing) {
    // The first one makes the exchange; the others wait for it, as the order is kept.
    const bool declares = options_.declare && sent_ == 0;
    outgoing.message.header["destination"] =
        destination_of_post(options_.exchange, outgoing.routing_key, declares);
    client_->publish(++sent_, outgoing.message);
  }

  void leave(Kind kind, const std::string& reason) {
    if (std::exchange(leaving_, true)) return;
    failure_ = broker::Failure{kind, reason};
    client_->disconnect();
  }

  const PublisherOptions& options_;
  const std::function<std::optional<Outgoing>()>& next_;
  boost::asio::io_context io_{1};
  std::unique_ptr<amqp::Client> client_;
  std::size_t sent_ = 0;
  std::size_t confirmed_ = 0;
  bool blocked_ = false;
  bool over_ = false;
  bool leaving_ = false;
  std::optional<broker::Failure> failure_;
};

}  // namespace

std::expected<std::size_t, broker::Failure> publish_all(
    const PublisherOptions& options, const std::function<std::optional<Outgoing>()>& next) {
  return Publisher{options, next}.run();
}

}  // namespace simplevisor::sarra
