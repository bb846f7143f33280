#include "workers/transfer/broker_ends.hpp"

#include <fmt/format.h>

#include <boost/asio/post.hpp>
#include <random>
#include <utility>

#include "workers/message/codec.hpp"
#include "workers/service/report.hpp"

namespace simplevisor::transfer {

using service::inform;
using service::report;
using service::warn;

// ---- the connection

Link::Link(boost::asio::any_io_executor executor, std::string name, broker::Address address, MakeClient make,
           Tell tell, Failed failed)
    : executor_{std::move(executor)},
      name_{std::move(name)},
      make_{std::move(make)},
      tell_{std::move(tell)},
      failed_{std::move(failed)},
      endpoints_{std::move(address), std::random_device{}()},
      delay_{executor_} {}

Link::~Link() = default;

void Link::open() {
  closing_ = false;
  try_next(std::nullopt);
}

void Link::try_next(std::optional<broker::Failure> last) {
  const auto next = endpoints_.next();
  if (!next) {
    endpoints_.succeeded();  // the next open() begins anew
    if (!last) last = broker::Failure{broker::Failure::Kind::unavailable, "no broker could be reached"};
    return tell_(broker::Closed{std::move(last), false});
  }
  delay_.expires_after(next->delay);
  delay_.async_wait([this, endpoint = next->endpoint](const boost::system::error_code& error) {
    if (error || closing_) return;
    endpoint_ = endpoint.text();
    client_ = make_(endpoint, [this](broker::Event event) { heard(std::move(event)); });
    client_->connect();
  });
}

void Link::close() {
  if (client_) {
    closing_ = true;
    return client_->disconnect();
  }
  if (std::exchange(closing_, true)) return;
  delay_.cancel();
  tell_(broker::Closed{});
}

void Link::heard(broker::Event event) {
  if (const auto* connected = std::get_if<broker::Connected>(&event)) {
    connected_ = true;
    endpoints_.succeeded();
    inform({{"side", name_}, {"broker", endpoint_}}, "{} {}: connected, {}", name_, endpoint_,
           connected->description);
  }
  const auto* closed = std::get_if<broker::Closed>(&event);
  if (closed == nullptr) return tell_(std::move(event));
  let_go();
  const bool was_connected = std::exchange(connected_, false);
  if (closed->failure && !closing_)
    warn({{"side", name_}, {"broker", endpoint_}, {"reason", closed->failure->message}}, "{} {}: {}", name_,
         endpoint_, closed->failure->message);
  const bool permanent = closed->failure && closed->failure->kind == broker::Failure::Kind::configuration;
  if (!was_connected && !closing_ && !permanent) {
    if (closed->failure)
      failed_({closed->failure->kind, fmt::format("{} {}", name_, closed->failure->message)});
    return try_next(closed->failure);
  }
  tell_(std::move(event));
}

// It is calling us at the moment.
void Link::let_go() {
  boost::asio::post(executor_, [client = std::shared_ptr<broker::Client>{std::move(client_)}] {});
}

// ---- source

BrokerSource::BrokerSource(boost::asio::any_io_executor executor, broker::Address address,
                           const MakeClient& make, std::string dead_letter, SourceListener listener)
    : link_{std::move(executor),
            "incoming",
            std::move(address),
            make,
            [this](broker::Event event) { heard(std::move(event)); },
            [this](broker::Failure failure) { listener_.tell(Trying{std::move(failure)}); }},
      dead_letter_{std::move(dead_letter)},
      listener_{std::move(listener)} {}

void BrokerSource::want(std::size_t room) {
  broker::Client* const client = link_.client();
  if (client == nullptr || (room == 0) == paused_) return;
  paused_ = room == 0;
  if (paused_)
    client->pause();
  else
    client->resume();
}

void BrokerSource::heard(broker::Event event) {
  if (std::holds_alternative<broker::Connected>(event)) {
    paused_ = false;
    return listener_.tell(SourceUp{});
  }
  if (auto* closed = std::get_if<broker::Closed>(&event)) {
    held_.clear();
    return listener_.tell(SourceDown{std::move(closed->failure)});
  }
  auto* delivered = std::get_if<broker::Delivered>(&event);
  if (delivered == nullptr) return;
  Brought brought;
  brought.bytes = delivered->message ? delivered->message->body.size() : delivered->raw.size();
  brought.message = std::move(delivered->message);
  brought.trouble = std::move(delivered->trouble);
  const Ticket ticket = listener_.bring(std::move(brought));
  held_.emplace(ticket, Held{delivered->tag, std::move(delivered->raw)});
}

Event BrokerSource::settle(Ticket ticket, Verdict verdict, const std::string& reason,
                           const message::Message* message) {
  const auto held = held_.find(ticket);
  broker::Client* const client = link_.client();
  if (held == held_.end() || client == nullptr) return Settled{ticket};
  if (verdict == Verdict::quarantine && !bury(reason, message, held->second.raw)) return NotSettled{ticket};
  if (verdict == Verdict::give_back)
    client->give_back(held->second.tag);
  else
    client->acknowledge(held->second.tag);
  held_.erase(held);
  return Settled{ticket};
}

bool BrokerSource::bury(const std::string& reason, const message::Message* message, const std::string& raw) {
  const auto failed = [this](const std::string& what) {
    report({{"queue", dead_letter_}}, "cannot set a message aside in {}: {}", dead_letter_, what);
    return false;
  };
  if (!dead_) {
    auto opened = queue::DeadLetters::open(dead_letter_, dirq::Durability::full);
    if (!opened) return failed(opened.error().message);
    dead_.emplace(*std::move(opened));
  }
  std::string content = raw;
  if (message != nullptr) {
    auto encoded = message::encode(*message);
    // A message that has no serialised form is kept as the bytes of its body.
    content = encoded ? *std::move(encoded) : message->body;
  }
  const auto letter = dead_->add(content);
  if (!letter) return failed(letter.error().message);
  warn({{"queue", dead_letter_}, {"dead_letter", letter->str()}, {"reason", reason}},
       "dead letter: {} of {}: {}", letter->str(), dead_letter_, reason);
  dead_->note(*letter, {1, reason, "", ""});
  return true;
}

// ---- sink

BrokerSink::BrokerSink(boost::asio::any_io_executor executor, broker::Address address, const MakeClient& make,
                       TellSink tell)
    : link_{std::move(executor),
            "outgoing",
            std::move(address),
            make,
            [this](broker::Event event) { heard(std::move(event)); },
            [this](broker::Failure failure) { tell_(Trying{std::move(failure)}); }},
      tell_{std::move(tell)} {}

void BrokerSink::put(Ticket ticket, const message::Message& message) {
  if (broker::Client* const client = link_.client()) client->publish(ticket, message);
}

void BrokerSink::heard(broker::Event event) {
  struct Translation {
    std::optional<Event> operator()(broker::Connected&) const { return SinkUp{}; }
    std::optional<Event> operator()(broker::Closed& closed) const {
      return SinkDown{std::move(closed.failure), closed.message_to_blame};
    }
    std::optional<Event> operator()(broker::Blocked& blocked) const {
      warn({{"side", "outgoing"}, {"reason", blocked.reason}}, "outgoing: blocked by the broker: {}",
           blocked.reason);
      return SinkBlocked{};
    }
    std::optional<Event> operator()(broker::Unblocked&) const {
      inform({{"side", "outgoing"}}, "outgoing: not blocked any more");
      return SinkUnblocked{};
    }
    std::optional<Event> operator()(broker::Confirmed& answer) const { return answer; }
    std::optional<Event> operator()(broker::NotConfirmed& answer) const { return std::move(answer); }
    std::optional<Event> operator()(broker::Refused& answer) const { return std::move(answer); }
    std::optional<Event> operator()(broker::Delivered&) const { return std::nullopt; }
  };
  if (auto told = std::visit(Translation{}, event)) tell_(*std::move(told));
}

}  // namespace simplevisor::transfer
