// What frames mean, and what we say.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <iterator>
#include <utility>

#include "workers/stomp/complaint.hpp"
#include "workers/stomp/session.hpp"

namespace simplevisor::stomp {
namespace {

using message::Header;

// Before CONNECTED is told, deliveries of subscriptions whose receipt is still on its way are held, up to here.
constexpr std::size_t held_events_max = 10'000;
// Artemis counts its window in bytes. With this much for a message, `prefetch` of them fit on average.
constexpr std::uint64_t artemis_bytes_a_message = 10'240;

std::string_view prefetch_header(BrokerType broker) {
  switch (broker) {
    case BrokerType::activemq:
      return "activemq.prefetchSize";
    case BrokerType::apollo:
      return "credit";
    case BrokerType::artemis:
      return "consumer-window-size";
    case BrokerType::rabbitmq:
      return "prefetch-count";
    case BrokerType::unknown:
      return {};
  }
  std::unreachable();
}

template <class Number>
std::optional<Number> number_of(std::string_view text) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return value;
}

bool lists(std::string_view comma_separated, std::string_view wanted) {
  while (true) {
    const std::size_t comma = comma_separated.find(',');
    if (comma_separated.substr(0, comma) == wanted) return true;
    if (comma == std::string_view::npos) return false;
    comma_separated.remove_prefix(comma + 1);
  }
}

AckMode mode_of(std::string_view ack) {
  if (ack == "client-individual") return AckMode::individual;
  return ack == "client" ? AckMode::cumulative : AckMode::none;
}

// The beginning of a message that cannot be taken, as it was read.
std::string raw_of(const Frame& frame) {
  std::string raw = frame.command + "\n";
  for (const auto& [name, value] : frame.headers)
    fmt::format_to(std::back_inserter(raw), "{}:{}\n", name, value);
  return raw.append("\n").append(frame.body);
}

}  // namespace

bool Session::end_frame(FrameWriter& writer) {
  const auto written = writer.end();
  if (!written) fail(Failure::Kind::configuration, written.error().message);
  return written.has_value();
}

void Session::greet() {
  Header headers{{"accept-version", "1.0,1.1,1.2"}, {"host", options_.endpoint.host}};
  if (options_.login) {
    headers.insert_or_assign("login", options_.login->name);
    headers.insert_or_assign("passcode", options_.login->pass.reveal());
  }
  if (options_.heart_beat) {
    headers.insert_or_assign("heart-beat", fmt::format("{},{}", options_.heart_beat->client.count(),
                                                       options_.heart_beat->server.count()));
  }
  for (const auto& [name, value] : options_.connect) headers.insert_or_assign(name, value);
  offered_versions_ = headers.at("accept-version");

  enter(Phase::greeting, options_.timeout_connect.value_or(options_.timeout_connected));
  FrameWriter writer{gathering_, dialect_, "CONNECT"};
  for (const auto& [name, value] : headers) writer.header(name, value);
  if (end_frame(writer)) start_write();
}

void Session::handle(Frame&& frame) {
  if (options_.trace) trace_received(where(), frame, *options_.trace);
  if (frame.command == "ERROR") return handle_error(frame);
  if (phase_ == Phase::greeting) {
    if (frame.command == "CONNECTED") return handle_connected(frame);
    return fail(Failure::Kind::protocol, fmt::format("sent {} before CONNECTED", frame.command));
  }
  if (frame.command == "MESSAGE") return handle_message(std::move(frame));
  if (frame.command == "RECEIPT") return handle_receipt(frame);
  fail(Failure::Kind::protocol, fmt::format("sent {}, which only a client may, or twice", frame.command));
}

void Session::handle_connected(const Frame& frame) {
  const std::string_view name = frame.header_or("version", "1.0");
  const auto version = version_named(name);
  if (!version || !lists(offered_versions_, name)) {
    return fail(Failure::Kind::protocol, fmt::format("chose a version of STOMP that we did not offer ({})",
                                                     version ? name : std::string_view{"unknown"}));
  }
  const std::string_view server = frame.header_or("server", "");
  broker_ = options_.broker_type.value_or(broker_type_of(server, frame.header_or("session", "")));
  dialect_ = Dialect::of(*version, broker_);
  parser_.use(dialect_);
  if (*version != Version::v1_0) negotiate_heart_beat(frame.header_or("heart-beat", "0,0"));

  std::string shown{server.empty() ? "a broker that hides its name" : server.substr(0, 100)};
  for (char& c : shown) c = static_cast<unsigned char>(c) < 0x20 || c == 0x7F ? '?' : c;
  held_.push_front(broker::Connected{fmt::format("{}, STOMP {}", shown, name)});
  subscribe_all();
}

// Nothing is promised where either side says 0.
void Session::negotiate_heart_beat(std::string_view answer) {
  if (!options_.heart_beat) return;
  const std::size_t comma = answer.find(',');
  if (comma == std::string_view::npos) return;
  using Milliseconds = std::chrono::milliseconds;
  constexpr std::uint32_t most = 86'400'000;  // a day, and no overflow
  const auto theirs = number_of<std::uint32_t>(answer.substr(0, comma));
  const auto wanted = number_of<std::uint32_t>(answer.substr(comma + 1));
  const HeartBeat& ours = *options_.heart_beat;
  if (ours.client.count() > 0 && wanted && *wanted > 0) {
    const auto period = std::max(ours.client, Milliseconds{std::min(*wanted, most)});
    beat_every_ = std::max(period / 2, Milliseconds{1});
  }
  if (ours.server.count() > 0 && theirs && *theirs > 0) {
    silence_max_ = 2 * std::max(ours.server, Milliseconds{std::min(*theirs, most)}) + ours.grace;
  }
}

void Session::subscribe_all() {
  if (options_.prefetch && !options_.subscribe.empty() && broker_ == BrokerType::unknown) {
    return fail(Failure::Kind::configuration,
                "a prefetch needs a broker whose type is known; say broker-type");
  }
  enter(Phase::subscribing, options_.timeout_broker);
  for (const Header& wanted : options_.subscribe) {
    const std::size_t index = subscriptions_.size();
    Header headers = wanted;
    const std::string_view usual = dialect_.version == Version::v1_0 ? "client" : "client-individual";
    headers.emplace("id", fmt::format("s{}", index));
    headers.emplace("ack", options_.reliable ? usual : "auto");
    if (options_.prefetch) {
      const std::uint64_t unit = broker_ == BrokerType::artemis ? artemis_bytes_a_message : 1;
      headers.emplace(prefetch_header(broker_), std::to_string(*options_.prefetch * unit));
    }
    headers.insert_or_assign("receipt", fmt::format("s{}", index));
    if (headers["destination"].empty()) {
      return fail(Failure::Kind::configuration, fmt::format("subscription {} has no destination", index + 1));
    }
    const bool taken = std::ranges::any_of(
        subscriptions_, [&](const Subscription& earlier) { return earlier.id == headers.at("id"); });
    if (taken) {
      return fail(Failure::Kind::configuration,
                  fmt::format("two subscriptions have the id \"{}\"", headers.at("id")));
    }
    subscriptions_.push_back(
        {headers.at("id"), headers.at("destination"), mode_of(headers.at("ack")), false});
    FrameWriter writer{gathering_, dialect_, "SUBSCRIBE"};
    for (const auto& [name, value] : headers) writer.header(name, value);
    if (!end_frame(writer)) return;
  }
  schedule_write();
  settle_subscriptions();
}

void Session::unsubscribe_all() {
  enter(Phase::unsubscribing, options_.timeout_broker.value_or(options_.timeout_disconnect));
  for (std::size_t i = 0; i < subscriptions_.size(); ++i) {
    Header headers = i < options_.unsubscribe->size() ? (*options_.unsubscribe)[i] : Header{};
    headers.insert_or_assign("id", subscriptions_[i].id);
    headers.insert_or_assign("receipt", fmt::format("u{}", i));
    if (dialect_.version == Version::v1_0) headers.emplace("destination", subscriptions_[i].destination);
    FrameWriter writer{gathering_, dialect_, "UNSUBSCRIBE"};
    for (const auto& [name, value] : headers) writer.header(name, value);
    if (!end_frame(writer)) return;
    ++unsubscribing_;
  }
  schedule_write();
}

void Session::confirm_subscription(Subscription& subscription) {
  subscription.confirmed = true;
  settle_subscriptions();
}

// Connected comes when every subscription works, or when more than enough is held for it to come.
void Session::settle_subscriptions() {
  if (phase_ != Phase::subscribing) return;
  const bool all = std::ranges::all_of(subscriptions_, &Subscription::confirmed);
  if (!all && held_.size() <= held_events_max && held_bytes_ <= options_.message_bytes_max) return;
  enter(Phase::working, std::nullopt);
  while (!held_.empty()) {
    say(std::move(held_.front()));
    held_.pop_front();
  }
}

std::optional<std::size_t> Session::subscription_of(const Frame& frame) const {
  if (const std::string* const id = frame.header("subscription")) {
    const auto found = std::ranges::find(subscriptions_, *id, &Subscription::id);
    if (found == subscriptions_.end()) return std::nullopt;
    return static_cast<std::size_t>(found - subscriptions_.begin());
  }
  // 1.0 need not say it.
  if (dialect_.version != Version::v1_0) return std::nullopt;
  if (subscriptions_.size() == 1) return 0;
  const auto found =
      std::ranges::find(subscriptions_, frame.header_or("destination", ""), &Subscription::destination);
  if (found == subscriptions_.end()) return std::nullopt;
  return static_cast<std::size_t>(found - subscriptions_.begin());
}

void Session::handle_message(Frame&& frame) {
  const auto index = subscription_of(frame);
  if (!index) return fail(Failure::Kind::protocol, "sent a MESSAGE of a subscription that we do not have");
  const Subscription& subscription = subscriptions_[*index];
  const bool settling = phase_ == Phase::subscribing || phase_ == Phase::working;
  if (!settling && subscription.mode != AckMode::none) return;  // it will be delivered again, to somebody

  Ledger::Entry entry{*index, subscription.mode, {}, {}, false};
  entry.message_id = frame.header_or("message-id", "");
  entry.ack_id = frame.header_or("ack", entry.message_id);
  const std::string& needed = dialect_.version == Version::v1_2 ? entry.ack_id : entry.message_id;
  if (subscription.mode != AckMode::none && needed.empty()) {
    return fail(Failure::Kind::protocol, "sent a MESSAGE without the header by which it is acknowledged");
  }
  broker::Delivered delivered;
  delivered.tag = ledger_.add(std::move(entry));
  delivered.subscription = *index;
  if (frame.truncated()) {
    delivered.trouble = fmt::format("a message of {} bytes exceeds the limit of {}", frame.body_bytes,
                                    options_.message_bytes_max);
    delivered.raw = raw_of(frame);
  } else {
    held_bytes_ += phase_ == Phase::subscribing ? frame.body.size() : 0;
    delivered.message = to_message(std::move(frame), dialect_.version);
  }
  if (phase_ != Phase::subscribing) return say(std::move(delivered));
  held_.push_back(std::move(delivered));
  settle_subscriptions();
}

void Session::handle_receipt(const Frame& frame) {
  const std::string_view id = frame.header_or("receipt-id", "");
  if (id == "bye" && phase_ == Phase::leaving) return close(std::nullopt);
  const auto number = id.empty() ? std::nullopt : number_of<std::uint64_t>(id.substr(1));
  if (!number) return;
  if (id.front() == 'm' && undecided_.erase(*number) == 1) return say(broker::Confirmed{*number});
  if (id.front() == 's' && *number < subscriptions_.size())
    return confirm_subscription(subscriptions_[*number]);
  if (id.front() == 'u' && phase_ == Phase::unsubscribing && --unsubscribing_ == 0) leave();
}

// Brokers disagree about whether a connection survives an ERROR; for us it never does.
void Session::handle_error(const Frame& frame) {
  using During = Complaint::During;
  const During during = phase_ == Phase::greeting      ? During::greeting
                        : phase_ == Phase::subscribing ? During::subscribing
                                                       : During::working;
  const Complaint complaint = understand(frame, during);
  const std::string_view id = frame.header_or("receipt-id", "");
  const auto ticket = id.starts_with('m') ? number_of<std::uint64_t>(id.substr(1)) : std::nullopt;
  if (ticket && undecided_.erase(*ticket) == 1) {
    if (complaint.passing) {
      say(broker::NotConfirmed{*ticket, complaint.failure.message});
    } else {
      say(broker::Refused{*ticket, complaint.failure.message});
    }
    // With the one gone that is to blame, a new connection may go on with the others.
    return fail(Failure::Kind::temporary, complaint.failure.message);
  }
  const bool message_to_blame = !complaint.passing && !undecided_.empty();
  const bool of_a_message = message_to_blame || (phase_ == Phase::working && sent_unconfirmed_);
  fail(of_a_message && !complaint.passing ? Failure::Kind::temporary : complaint.failure.kind,
       complaint.failure.message, message_to_blame);
}

void Session::send_ack(std::string_view command, const Ledger::Entry& entry) {
  FrameWriter writer{gathering_, dialect_, command};
  if (dialect_.version == Version::v1_2) {
    writer.header("id", entry.ack_id);
  } else {
    writer.header("message-id", entry.message_id);
    if (dialect_.version == Version::v1_1)
      writer.header("subscription", subscriptions_[entry.subscription].id);
  }
  if (end_frame(writer)) schedule_write();
}

}  // namespace simplevisor::stomp
