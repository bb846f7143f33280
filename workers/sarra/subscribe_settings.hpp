// workers/sarra/subscribe_settings.hpp
//
// Everything a subscriber can be told, and the transfer agent that follows from it.
//
// Broker     a durable queue of its own name, with x-expires and x-message-ttl where they are said, bound to the exchange by
//            each subtopic, or by `binding` to several exchanges; an exchange is its publishers' affair, unless
//            `declare-exchange` is said.
// Name       as it is said, or q_USER.COMPONENT.CONFIG.USER_HOST_RANDOM, chosen by the first instance of a pool that
//            starts, and kept in STATE-DIR/queue-name for the others and for the next start. So all of them know it before
//            they connect.
// Posting on to an exchange (`post-broker`, `post-exchange`), at the same broker or another, instead of to a directory queue: sr3's
//            shovel, and with `nodupe-ttl` its winnow. `from` a directory queue instead of a broker: what is stored there, and
//            was wanted, is removed once it is posted on.
// Errors     one line each.
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <vector>

#include "workers/sarra/bindings.hpp"
#include "workers/sarra/option_table.hpp"
#include "workers/sarra/post_sink.hpp"
#include "workers/sarra/seen.hpp"
#include "workers/sarra/subscription.hpp"
#include "workers/service/error.hpp"
#include "workers/transfer/settings.hpp"

namespace simplevisor::sarra {

struct SubscribeSettings {
  std::string from;  // a directory queue, instead of a broker
  std::string broker;
  std::vector<std::string> broker_auth;
  std::string broker_tls;
  std::string exchange;  // empty: xpublic
  bool declare_exchange = false;
  std::string topic_prefix{"v03"};
  std::vector<std::string> subtopics;  // empty: all
  std::vector<Binding> bindings;       // instead of exchange and subtopics
  std::string queue_name;
  std::string component = "subscribe";
  std::string config = "default";
  std::chrono::milliseconds expire{0};
  std::chrono::milliseconds message_age_max{0};
  std::chrono::milliseconds file_age_max{0};
  std::chrono::milliseconds file_age_min{0};
  std::uint64_t prefetch = 25;
  bool passive = false;
  std::optional<bool> reconnect;  // unset: only where nobody supervises us
  std::vector<std::string> patterns;
  bool accept_unmatched = true;
  std::chrono::milliseconds nodupe_ttl{0};
  std::uint64_t nodupe_entries = 262'144;
  std::string path;
  std::string post_broker;
  std::vector<std::string> post_broker_auth;
  std::string post_broker_tls;
  std::string post_exchange;
  std::uint64_t post_exchange_split = 0;
  std::string post_topic_prefix{v03_topic_prefix};
  bool post_declare = true;
  std::string durability = "full";
  std::uint64_t batch = 100;
  std::string dead_letter;
  std::string state_dir;
  std::string status_file;
  Size message_bytes_max{std::uint64_t{16} << 20U};
  std::uint64_t count = 0;
  std::chrono::milliseconds timeout_inactivity{0};
};

[[nodiscard]] OptionTable subscribe_options(SubscribeSettings& settings);

struct Subscriber {
  transfer::Settings transfer;
  SubscriptionOptions subscription;
  std::optional<Seen> seen;
  std::optional<PostSinkOptions> post;  // none: to a directory queue
};

// Makes the state directory, the name in it, and the memory of what was seen.
[[nodiscard]] service::Result<Subscriber> prepare(const SubscribeSettings& settings);

// The queue with its bindings, as workers/amqp takes it. `expected`: we have made it before.
[[nodiscard]] std::string destination_of(const SubscribeSettings& settings, const std::string& queue,
                                         bool expected = false);

}  // namespace simplevisor::sarra
