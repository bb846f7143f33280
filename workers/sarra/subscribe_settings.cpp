#include "workers/sarra/subscribe_settings.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <array>
#include <boost/json.hpp>
#include <filesystem>
#include <random>
#include <span>

#include "workers/broker/credentials.hpp"
#include "workers/broker/uri.hpp"
#include "workers/sarra/destinations.hpp"
#include "workers/sarra/kept_name.hpp"
#include "workers/sarra/names.hpp"

namespace simplevisor::sarra {
namespace {

namespace json = boost::json;
using service::ExitCode;
using service::fail;

// RabbitMQ closes the channel of a consumer that keeps a message for half an hour.
constexpr std::chrono::minutes file_age_min_max{20};

// What the queue is bound by, in whichever way that was said.
std::vector<Binding> bindings_of(const SubscribeSettings& s) {
  std::vector<Binding> bindings = s.bindings;
  if (bindings.empty())
    bindings.push_back({.exchange = s.exchange.empty() ? "xpublic" : s.exchange, .subtopics = s.subtopics});
  for (Binding& binding : bindings) {
    if (binding.prefix.empty()) binding.prefix = s.topic_prefix;
    if (binding.subtopics.empty()) binding.subtopics.emplace_back();
  }
  return bindings;
}

// As a part of a list: exchange and keys.
std::string binding_list(const Binding& binding, bool declare) {
  std::vector<std::string> keys;
  for (const std::string& subtopic : binding.subtopics)
    keys.push_back(encoded_for_list(binding_key(binding.prefix, subtopic)));
  return fmt::format("exchange={},routing_keys={}",
                     encoded_for_list(exchange_list(binding.exchange, declare)),
                     encoded_for_list(fmt::format("{}", fmt::join(keys, ","))));
}

// A broker, and who we are there. `prefix`: of the settings it was said by.
struct Side {
  std::string broker;
  std::vector<std::string> auth;
  std::string tls;
  std::string_view prefix;
};

bool posts(const SubscribeSettings& s) {
  return !s.post_broker.empty() || !s.post_exchange.empty();
}

Side incoming(const SubscribeSettings& s) {
  return {s.broker, s.broker_auth, s.broker_tls, ""};
}

Side outgoing(const SubscribeSettings& s) {
  if (!s.post_broker.empty()) return {s.post_broker, s.post_broker_auth, s.post_broker_tls, "post-"};
  Side same = incoming(s);
  if (!s.post_broker_auth.empty()) same.auth = s.post_broker_auth;
  if (!s.post_broker_tls.empty()) same.tls = s.post_broker_tls;
  return same;
}

std::expected<std::string, std::string> user_of(const Side& side) {
  for (const std::string& text : side.auth) {
    const auto credential = broker::parse_credential(text);
    if (!credential)
      return std::unexpected(fmt::format("{}broker-auth: {}", side.prefix, credential.error().message));
    if (const auto* plain = std::get_if<broker::Plain>(&*credential)) return plain->name;
  }
  const std::string_view setting = side.prefix.empty() ? "broker-uri" : "post-broker";
  const auto address = broker::parse_address(side.broker);
  if (!address) return std::unexpected(fmt::format("{}: {}", setting, address.error().message));
  if (address->endpoints.front().protocol != broker::Protocol::amqp)
    return std::unexpected(fmt::format("{}: must be amqp:// or amqps://", setting));
  return address->endpoints.front().user.value_or("anonymous");
}

// What has no meaning without a broker to subscribe at.
void problems_of_queue(const SubscribeSettings& s, std::vector<std::string>& problems) {
  if (s.post_broker.empty())
    problems.emplace_back("post-broker: needed by from, whose announcements are posted on");
  const std::pair<bool, std::string_view> said[]{
      {!s.broker.empty(), "broker-uri"},     {!s.exchange.empty(), "exchange"},
      {!s.subtopics.empty(), "subtopic"},    {!s.bindings.empty(), "binding"},
      {!s.queue_name.empty(), "queue-name"}, {s.declare_exchange, "declare-exchange"},
      {s.expire.count() > 0, "expire"},      {s.passive, "passive"}};
  for (const auto& [is_said, name] : said) {
    if (is_said) problems.push_back(fmt::format("{}: has no meaning for a directory queue (from)", name));
  }
}

std::vector<std::string> problems_of(const SubscribeSettings& s) {
  std::vector<std::string> problems;
  if (s.from.empty() && s.broker.empty())
    problems.emplace_back("broker-uri: is not given, and neither is from");
  if (!s.from.empty()) problems_of_queue(s, problems);
  if (s.path.empty() && s.from.empty() && !posts(s))
    problems.emplace_back("path: is not given, and neither is post-broker nor post-exchange");
  if (!s.path.empty() && posts(s))
    problems.emplace_back("path: announcements go to a queue, or are posted on, not both");
  if (!posts(s) && (s.post_exchange_split > 0 || !s.post_broker_auth.empty() || !s.post_broker_tls.empty()))
    problems.emplace_back("post-exchange: needed by the other settings of that name, or post-broker");
  if (posts(s) && s.from.empty() && s.dead_letter.empty() && s.state_dir.empty())
    problems.emplace_back("dead-letter: needed to post on, unless state-dir is given");
  if (!s.bindings.empty() && !(s.exchange.empty() && s.subtopics.empty()))
    problems.emplace_back("binding: instead of exchange and subtopic, not besides them");
  if (s.file_age_min > file_age_min_max)
    problems.emplace_back(
        "file-age-min: at most 20 minutes, or RabbitMQ would end us for keeping what waits");
  if (s.queue_name.size() > name_bytes_max) problems.emplace_back("queue-name: is too long");
  if (s.from.empty() && s.queue_name.empty() && s.state_dir.empty()) {
    problems.emplace_back("state-dir: needed to keep the name of the queue, unless queue-name is given");
  }
  if (s.nodupe_ttl.count() > 0 && s.state_dir.empty())
    problems.emplace_back("state-dir: needed by nodupe-ttl");
  return problems;
}

void add_broker(json::object& object, const std::string& whose, const Side& side) {
  object[whose + "-broker-uri"] = side.broker;
  if (!side.auth.empty()) object[whose + "-broker-auth"] = json::array(side.auth.begin(), side.auth.end());
  if (!side.tls.empty()) object[whose + "-broker-tls"] = side.tls;
}

json::object transfer_object(const SubscribeSettings& s, const std::string& queue, bool expected) {
  json::object object{{"reliable", true}, {"message-bytes-max", s.message_bytes_max.bytes}};
  if (s.from.empty()) {
    add_broker(object, "incoming", incoming(s));
    object["subscribe"] = json::array{json::object{{"destination", destination_of(s, queue, expected)}}};
    object["prefetch"] = s.prefetch;
  } else {
    object["incoming-queue"] = json::object{{"path", s.from}};
    object["remove"] = true;
    object["loop"] = true;
  }
  if (posts(s)) {
    add_broker(object, "outgoing", outgoing(s));
    object["mandatory"] = false;  // that nobody is bound to an exchange is normal
  } else {
    object["outgoing-queue"] = json::object{{"path", s.path}};
    object["durability"] = s.durability;
    object["batch"] = s.batch;
  }
  if (!s.dead_letter.empty())
    object["dead-letter"] = s.dead_letter;
  else if (posts(s) && s.from.empty())
    object["dead-letter"] = s.state_dir + "/dead";
  if (!s.status_file.empty()) object["status-file"] = s.status_file;
  if (s.reconnect) object["reconnect"] = *s.reconnect;
  if (s.count > 0) object["count"] = s.count;
  if (s.timeout_inactivity.count() > 0)
    object["timeout-inactivity"] = fmt::format("{}ms", s.timeout_inactivity.count());
  return object;
}

std::string share() {
  std::array<char, 256> host{};
  if (::gethostname(host.data(), host.size() - 1) != 0) host[0] = '\0';
  const std::string name = host.data();
  std::random_device random;
  return fmt::format("{}_{:08x}", name.substr(0, name.find('.')), random());
}

// The name of the queue at the broker, for all instances of the pool and for the next start.
service::Result<std::string> queue_of(const SubscribeSettings& settings) {
  const auto user = user_of(incoming(settings));
  if (!user) return fail(ExitCode::config, user.error());
  if (!settings.queue_name.empty()) return settings.queue_name;
  return kept_name(settings.state_dir + "/queue-name",
                   queue_name(*user, settings.component, settings.config, *user + '_' + share()));
}

std::expected<PostSinkOptions, std::string> post_of(const SubscribeSettings& s) {
  const auto user = user_of(outgoing(s));
  if (!user) return std::unexpected(user.error());
  PostSinkOptions post;
  post.declare = s.post_declare;
  post.repost.exchange = s.post_exchange.empty() ? exchange_of(*user) : s.post_exchange;
  post.repost.split = s.post_exchange_split;
  post.repost.topic_prefix = s.post_topic_prefix;
  // The key that a stored announcement once came by may be older than its path.
  if (!s.from.empty()) return post;
  const bool same_broker = s.post_broker.empty() || s.post_broker == s.broker;
  for (const Binding& binding : bindings_of(s)) {
    post.repost.prefixes_of_arrival.push_back(binding.prefix);
    // It would go round for ever.
    if (same_broker && post.repost.may_go_to(binding.exchange)) {
      return std::unexpected(
          fmt::format("post-exchange: {} is what is subscribed to, at the same broker", binding.exchange));
    }
  }
  return post;
}

}  // namespace

std::string destination_of(const SubscribeSettings& s, const std::string& queue, bool expected) {
  if (s.passive) return "/amq/queue/" + encoded_for_list(queue);
  std::string arguments;
  if (s.expire.count() > 0) arguments += fmt::format("x-expires={},", s.expire.count());
  if (s.message_age_max.count() > 0) arguments += fmt::format("x-message-ttl={},", s.message_age_max.count());
  const std::vector<Binding> bindings = bindings_of(s);
  std::string destination = fmt::format(
      "{},queue={}", binding_list(bindings.front(), s.declare_exchange),
      encoded_for_list(fmt::format("name={},durable=true,expected={},arguments={}", encoded_for_list(queue),
                                   expected, encoded_for_list(arguments))));
  std::vector<std::string> further;
  for (const Binding& binding : std::span{bindings}.subspan(1))
    further.push_back(encoded_for_list(binding_list(binding, s.declare_exchange)));
  if (!further.empty())
    destination += ",bindings=" + encoded_for_list(fmt::format("{}", fmt::join(further, ",")));
  return destination;
}

service::Result<Subscriber> prepare(const SubscribeSettings& settings) {
  if (const auto problems = problems_of(settings); !problems.empty()) {
    return fail(ExitCode::config, fmt::format("{}", fmt::join(problems, "; ")));
  }
  auto patterns = Patterns::parse(settings.patterns, settings.accept_unmatched);
  if (!patterns) return fail(ExitCode::config, "patterns: " + patterns.error());
  Subscriber made{
      {},
      {*std::move(patterns), {settings.message_age_max, settings.file_age_max, settings.file_age_min}, {}},
      {},
      {}};
  if (!settings.state_dir.empty()) {
    std::error_code error;
    std::filesystem::create_directories(settings.state_dir, error);
    if (error)
      return fail(service::of_making(error.value()),
                  fmt::format("state-dir: {}: {}", settings.state_dir, error.message()));
  }
  bool expected = false;
  if (settings.from.empty()) {
    auto queue = queue_of(settings);
    if (!queue) return std::unexpected(std::move(queue).error());
    made.subscription.queue = *std::move(queue);
  } else {
    made.subscription.foreign = SubscriptionOptions::Foreign::set_aside;
  }
  if (settings.from.empty() && !settings.state_dir.empty()) {
    const std::string mark = settings.state_dir + "/subscribed";
    expected = name_in(mark) == made.subscription.queue;
    if (!expected) made.subscription.mark = mark;
  }
  if (posts(settings)) {
    auto post = post_of(settings);
    if (!post) return fail(ExitCode::config, post.error());
    made.post = *std::move(post);
  }
  if (settings.nodupe_ttl.count() > 0) {
    Seen::Options options;
    options.ttl = settings.nodupe_ttl;
    options.entries = settings.nodupe_entries;
    auto seen = Seen::open(settings.state_dir, options);
    if (!seen) return fail(ExitCode::cannot_create, seen.error());
    made.seen.emplace(*std::move(seen));
  }
  const auto problems =
      transfer::set_from(made.transfer, transfer_object(settings, made.subscription.queue, expected));
  if (!problems.empty()) return fail(ExitCode::config, fmt::format("{}", fmt::join(problems, "; ")));
  return made;
}

}  // namespace simplevisor::sarra
