#include "workers/stomp/session.hpp"

#include <fmt/format.h>

#include <boost/asio/post.hpp>
#include <utility>

#include "workers/broker/masking.hpp"

namespace simplevisor::stomp {

namespace asio = boost::asio;

Session::Session(asio::any_io_executor executor, Options options, broker::Client::Tell tell)
    : executor_{std::move(executor)},
      options_{std::move(options)},
      tell_{std::make_shared<const broker::Client::Tell>(std::move(tell))},
      parser_{ParserLimits{.body_bytes_max = options_.message_bytes_max}},
      timer_{executor_} {}

void Session::connect() {
  if (phase_ != Phase::idle) return;
  auto transport = make_transport(executor_, options_);
  if (!transport) return close(std::move(transport).error());
  transport_ = *std::move(transport);
  enter(Phase::opening, options_.timeout_connect);
  transport_->open(
      [self = shared_from_this()](std::optional<Failure> failure) { self->opened(std::move(failure)); });
}

void Session::publish(broker::Ticket ticket, const message::Message& message) {
  if (phase_ != Phase::working) return say(broker::NotConfirmed{ticket, "not connected"});
  if (gathering_.size() + (writing_.size() - written_) > options_.write_bytes_max) {
    return say(broker::NotConfirmed{ticket, fmt::format("{} has not taken the last {} bytes yet", where(),
                                                        gathering_.size() + writing_.size() - written_)});
  }
  const std::string_view login = options_.login ? std::string_view{options_.login->name} : std::string_view{};
  const std::string receipt = options_.reliable ? fmt::format("m{}", ticket) : std::string{};
  const auto appended =
      append_send(gathering_, message, options_.sending, {broker_, dialect_, login}, receipt);
  if (!appended) return say(broker::Refused{ticket, appended.error().message});
  if (options_.reliable) {
    if (undecided_.empty()) {
      owed_since_ = Clock::now();
      if (options_.timeout_broker) arm();
    }
    undecided_.insert(ticket);
  } else {
    tickets_gathering_.push_back(ticket);
    sent_unconfirmed_ = true;
  }
  schedule_write();
}

void Session::acknowledge(broker::Tag tag) {
  if (phase_ != Phase::working && phase_ != Phase::unsubscribing) return;
  for (const Ledger::Entry& entry : ledger_.acknowledge(tag)) send_ack("ACK", entry);
}

void Session::give_back(broker::Tag tag) {
  if (phase_ != Phase::working || broker_ != BrokerType::rabbitmq || dialect_.version == Version::v1_0)
    return;
  if (const auto entry = ledger_.give_back(tag)) send_ack("NACK", *entry);
}

void Session::pause() {
  paused_ = true;
}

void Session::resume() {
  if (!std::exchange(paused_, false) || phase_ != Phase::working) return;
  last_read_ = Clock::now();  // we were not listening
  arm();
  asio::post(executor_, [self = shared_from_this()] { self->process(); });
}

void Session::disconnect() {
  switch (phase_) {
    case Phase::idle:
    case Phase::opening:
    case Phase::greeting:
    case Phase::subscribing:
      return close(std::nullopt);
    case Phase::working:
      break;
    case Phase::unsubscribing:
    case Phase::leaving:
    case Phase::closed:
      return;
  }
  // The farewell has to be read, whatever is wanted of deliveries.
  const bool was_paused = std::exchange(paused_, false);
  if (options_.unsubscribe && !subscriptions_.empty()) {
    unsubscribe_all();
  } else {
    leave();
  }
  if (was_paused) asio::post(executor_, [self = shared_from_this()] { self->process(); });
}

void Session::leave() {
  enter(Phase::leaving, options_.timeout_flush);
  FrameWriter writer{gathering_, dialect_, "DISCONNECT"};
  if (dialect_.version != Version::v1_0) writer.header("receipt", "bye");
  if (end_frame(writer)) schedule_write();
}

void Session::abandon() {
  tell_.reset();
  close(std::nullopt);
}

void Session::enter(Phase phase, std::optional<std::chrono::milliseconds> limit) {
  phase_ = phase;
  phase_until_.reset();
  if (limit) phase_until_ = Clock::now() + *limit;
  arm();
}

void Session::fail(Failure::Kind kind, std::string message, bool message_to_blame) {
  close(Failure{kind, fmt::format("{}: {}", where(), message)}, message_to_blame);
}

void Session::close(std::optional<Failure> failure, bool message_to_blame) {
  if (phase_ == Phase::closed) return;
  phase_ = Phase::closed;
  timer_.cancel();
  if (transport_) transport_->close();
  held_.clear();
  if (failure && options_.login)
    failure->message = broker::masked(std::move(failure->message), options_.login->pass);
  say(broker::Closed{std::move(failure), message_to_blame});
}

// Events are told from the loop alone: those of a call are posted, those of a frame come right after it.
void Session::say(broker::Event event) {
  if (!tell_ || last_said_) return;
  last_said_ = std::holds_alternative<broker::Closed>(event);
  events_.push_back(std::move(event));
  if (telling_ || std::exchange(telling_posted_, true)) return;
  asio::post(executor_, [self = shared_from_this()] {
    self->telling_posted_ = false;
    self->flush_events();
  });
}

void Session::flush_events() {
  if (std::exchange(telling_, true)) return;
  while (tell_ && !events_.empty()) {
    const auto tell = tell_;  // whoever is told may let go of the client
    broker::Event event = std::move(events_.front());
    events_.pop_front();
    (*tell)(std::move(event));
  }
  telling_ = false;
}

}  // namespace simplevisor::stomp
