#include "workers/transfer/ends.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <ranges>
#include <set>
#include <utility>

#include "workers/amqp/client.hpp"
#include "workers/broker/credentials.hpp"
#include "workers/broker/masking.hpp"
#include "workers/service/report.hpp"
#include "workers/stomp/client.hpp"
#include "workers/stomp/datagram_client.hpp"
#include "workers/transfer/broker_ends.hpp"
#include "workers/transfer/queue_ends.hpp"

namespace simplevisor::transfer {
namespace {

using service::ExitCode;
using service::Result;

std::unexpected<service::Error> wrong(std::string message) {
  return service::fail(ExitCode::config, std::move(message));
}

// ---- queues

Result<std::optional<long>> number_in(const Pairs& pairs, const std::string& key, std::string_view whose,
                                      int base, long max) {
  const auto found = pairs.find(key);
  if (found == pairs.end()) return std::nullopt;
  long value = 0;
  const std::string& text = found->second;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc{} || end != text.data() + text.size() || value < 0 || value > max)
    return wrong(fmt::format("{}: {}={} is no number from 0 to {}", whose, key, text, max));
  return value;
}

struct QueueSettings {
  std::string path;
  QueueKind kind = QueueKind::simple;
  AddingOptions adding;
  std::optional<long> maxlock;
  std::optional<long> maxtemp;
};

Result<QueueKind> queue_kind(const Pairs& pairs, std::string_view whose) {
  using Names = std::set<std::string, std::less<>>;
  static const Names common{"path", "type", "umask", "rndhex", "maxlock", "maxtemp"};
  static const Names simple{"granularity", "compression"};
  static const Names normal{"maxelts"};
  const auto type = pairs.find("type");
  const std::string name = type == pairs.end() ? "DQS" : type->second;
  if (name != "DQS" && name != "DQN")
    return wrong(
        fmt::format("{}: type={}: only simple (DQS) and normal (DQN) queues can be used", whose, name));
  const QueueKind kind = name == "DQN" ? QueueKind::normal : QueueKind::simple;
  for (const auto& [key, value] : pairs) {
    if (common.contains(key) || (kind == QueueKind::normal ? normal : simple).contains(key)) continue;
    if (simple.contains(key) || normal.contains(key))
      return wrong(fmt::format("{}: queues of type={} have no {}", whose, name, key));
    return wrong(fmt::format("{}: unknown option {}", whose, key));
  }
  return kind;
}

Result<QueueSettings> queue_settings(const Pairs& pairs, std::string_view whose) {
  const auto kind = queue_kind(pairs, whose);
  if (!kind) return std::unexpected(kind.error());
  QueueSettings settings;
  settings.path = pairs.at("path");
  settings.kind = *kind;
  constexpr long seconds_max = 1'000'000'000;
  constexpr long elements_max = 1'000'000;
  const auto umask = number_in(pairs, "umask", whose,
                               pairs.contains("umask") && pairs.at("umask").starts_with('0') ? 8 : 10, 0777);
  const auto rndhex = number_in(pairs, "rndhex", whose, 10, 15);
  const auto granularity = number_in(pairs, "granularity", whose, 10, seconds_max);
  const auto maxelts = number_in(pairs, "maxelts", whose, 10, elements_max);
  const auto maxlock = number_in(pairs, "maxlock", whose, 10, seconds_max);
  const auto maxtemp = number_in(pairs, "maxtemp", whose, 10, seconds_max);
  for (const auto* number : {&umask, &rndhex, &granularity, &maxelts, &maxlock, &maxtemp}) {
    if (!*number) return std::unexpected(number->error());
  }
  dirq::Options& options = settings.adding.queue;
  if (*umask) options.umask = static_cast<mode_t>(**umask);
  if (*rndhex) options.rndhex = static_cast<unsigned>(**rndhex);
  if (*granularity) options.granularity = std::chrono::seconds{**granularity};
  if (*maxelts) settings.adding.elements_max = static_cast<std::size_t>(std::max(1L, **maxelts));
  if (*maxlock && !locks_outlive_renewal(std::chrono::seconds{**maxlock}))
    return wrong(fmt::format("{}: {}", whose, maxlock_too_short));
  settings.maxlock = *maxlock;
  settings.maxtemp = *maxtemp;
  if (const auto compression = pairs.find("compression"); compression != pairs.end()) {
    const auto parsed = message::parse_compression(compression->second);
    if (!parsed) return wrong(fmt::format("{}: compression: {}", whose, parsed.error().text()));
    settings.adding.encode = *parsed;
  }
  return settings;
}

std::string beside(std::string path) {
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  return path + ".dead";
}

std::string variable(const char* name) {
  const char* const value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): before any thread
  return value == nullptr ? "" : value;
}

// Between two brokers there is no queue to put it beside.
std::string dead_letter_of(const Settings& settings) {
  if (!settings.dead_letter.empty()) return settings.dead_letter;
  if (!settings.incoming.queue.empty()) return beside(settings.incoming.queue.at("path"));
  if (!settings.outgoing.queue.empty()) return beside(settings.outgoing.queue.at("path"));
  if (const std::string dir = variable("STATE_DIRECTORY"); !dir.empty()) return dir + "/transfer.dead";
  if (const std::string dir = variable("XDG_STATE_HOME"); !dir.empty())
    return dir + "/simplevisor/transfer.dead";
  if (const std::string dir = variable("HOME"); !dir.empty())
    return dir + "/.local/state/simplevisor/transfer.dead";
  return fmt::format("/var/tmp/simplevisor-transfer-{}.dead", ::getuid());
}

// ---- brokers

struct Broker {
  broker::Address address;
  broker::TlsOptions tls;
  std::optional<broker::Plain> plain;
  bool certificate = false;
};

bool set_tls(broker::TlsOptions& tls, std::string_view name, const std::string& value) {
  if (name == "ca_file")
    tls.ca_file = value;
  else if (name == "ca_directory")
    tls.ca_directory = value;
  else if (name == "server_name")
    tls.server_name = value;
  else if (name == "certificate_file")
    tls.certificate_file = value;
  else if (name == "key_file")
    tls.key_file = value;
  else if (name == "verify" && (value == "true" || value == "false"))
    tls.verify_peer = value == "true";
  else
    return false;
  return true;
}

// What stompclt's users say to Perl's IO::Socket::SSL, and what it is called here.
constexpr std::pair<std::string_view, std::string_view> socket_options[] = {
    {"SSL_ca_file", "ca_file"},    {"SSL_ca_path", "ca_directory"}, {"SSL_cert_file", "certificate_file"},
    {"SSL_key_file", "key_file"},  {"SSL_hostname", "server_name"}, {"SSL_verifycn_name", "server_name"},
    {"SSL_verify_mode", "verify"},
};

bool set_socket_option(broker::TlsOptions& tls, std::string_view name, const std::string& value) {
  const auto* const known =
      std::ranges::find(socket_options, name, &std::pair<std::string_view, std::string_view>::first);
  if (known == std::end(socket_options)) return false;
  if (known->second != "verify") return set_tls(tls, known->second, value);
  const bool never = value == "0" || value == "0x00" || value == "SSL_VERIFY_NONE";
  return set_tls(tls, "verify", never ? "false" : "true");
}

Result<Broker> broker_of(const SideSettings& side, std::string_view whose) {
  Broker made;
  auto address = broker::parse_address(side.broker_uri);
  if (!address) return wrong(fmt::format("{}-broker-uri: {}", whose, address.error().message));
  made.address = *std::move(address);
  if (side.broker_uri.find("failover:") == std::string::npos && made.address.endpoints.size() == 1)
    made.address.failover.reconnects_max = 0;
  std::vector<broker::Credential> credentials;
  for (const Pairs& block : side.broker_auth) {
    auto credential =
        block.contains("") ? broker::parse_credential(block.at("")) : broker::credential_from(block);
    if (!credential) return wrong(fmt::format("{}-broker-auth: {}", whose, credential.error().message));
    credentials.push_back(*std::move(credential));
  }
  auto identity = broker::identity_of(credentials);
  if (!identity) return wrong(fmt::format("{}-broker-auth: {}", whose, identity.error().message));
  made.plain = identity->plain;
  if (identity->x509) {
    const auto bare = std::ranges::find(made.address.endpoints, false, &broker::Endpoint::tls);
    if (bare != made.address.endpoints.end())
      return wrong(
          fmt::format("{}-broker-auth: x509 needs TLS, which {}-broker-uri does not speak with {}:{}", whose,
                      whose, bare->host, bare->port));
    const broker::X509 x509 = broker::with_environment(*identity->x509, [](const char* name) {
      const std::string value = variable(name);
      return value.empty() ? std::nullopt : std::optional{value};
    });
    made.certificate = x509.cert.has_value();
    made.tls.certificate_file = x509.cert;
    made.tls.key_file = x509.key;
    made.tls.ca_directory = x509.ca;
    made.tls.ca_file = x509.ca_file;
    if (x509.pass) made.tls.key_password = *x509.pass;
  }
  for (const auto& [key, value] : side.broker_sockopts) {
    if (!set_socket_option(made.tls, key, value))
      return wrong(fmt::format("{}-broker-sockopts: {} has no meaning here; those that have: {}", whose, key,
                               fmt::join(socket_options | std::views::keys, ", ")));
  }
  for (const auto& [key, value] : side.broker_tls) {
    if (!set_tls(made.tls, key, value))
      return wrong(fmt::format("{}-broker-tls: {}={} is not understood", whose, key, value));
  }
  return made;
}

message::Header header_of(const Pairs& pairs) {
  return {pairs.begin(), pairs.end()};
}

std::uint32_t prefetch_of(const Settings& settings) {
  if (settings.prefetch) return static_cast<std::uint32_t>(*settings.prefetch);
  // A counted run must not swallow the broker's backlog.
  const std::uint64_t window = std::clamp<std::uint64_t>(settings.window, 1, 65'535);
  return static_cast<std::uint32_t>(settings.count ? std::clamp<std::uint64_t>(*settings.count, 1, window)
                                                   : window);
}

Result<stomp::Options> stomp_options(const Settings& settings, const SideSettings& side, const Broker& broker,
                                     bool incoming) {
  stomp::Options options;
  options.tls = broker.tls;
  options.login = broker.plain;
  options.connect = header_of(side.broker_connect);
  if (!side.broker_type.empty()) {
    options.broker_type = stomp::broker_type_named(side.broker_type);
    if (!options.broker_type)
      return wrong(fmt::format("{}-broker-type: {} is not known", incoming ? "incoming" : "outgoing",
                               side.broker_type));
  }
  if (settings.heart_beat)
    options.heart_beat =
        stomp::HeartBeat{.client = settings.timeout_client, .server = settings.timeout_server};
  options.trace = side.stomp_trace;
  if (options.trace) {
    const broker::Secret secret = broker.plain ? broker.plain->pass : broker::Secret{};
    options.trace->tell = [secret](std::string_view line) {
      service::trace({}, "{}", broker::masked(std::string{line}, secret));
    };
  }
  options.reliable = settings.reliable;
  options.timeout_connect = settings.timeout_connect;
  options.timeout_broker = settings.timeout_broker;
  options.timeout_flush = settings.timeout_flush.value_or(options.timeout_flush);
  options.timeout_disconnect = settings.timeout_disconnect.value_or(options.timeout_disconnect);
  options.message_bytes_max = settings.message_bytes_max;
  if (!incoming) return options;
  for (const Pairs& pairs : settings.subscribe) options.subscribe.push_back(header_of(pairs));
  if (settings.reliable || settings.prefetch) options.prefetch = prefetch_of(settings);
  if (settings.unsubscribe) {
    options.unsubscribe.emplace();
    for (const Pairs& pairs : *settings.unsubscribe) options.unsubscribe->push_back(header_of(pairs));
  }
  return options;
}

amqp::Options amqp_options(const Settings& settings, const Broker& broker, bool incoming) {
  amqp::Options options;
  options.tls = broker.tls;
  options.login = broker.plain;
  options.external = broker.certificate && !broker.plain;
  options.reliable = settings.reliable;
  options.passive = settings.passive;
  options.mandatory = settings.mandatory;
  options.message_bytes_max = settings.message_bytes_max;
  options.timeout_connect = settings.timeout_connect.value_or(options.timeout_connect);
  options.timeout_broker = settings.timeout_broker.value_or(options.timeout_broker);
  options.timeout_disconnect = settings.timeout_disconnect.value_or(options.timeout_disconnect);
  if (settings.heart_beat)
    options.heartbeat = std::chrono::ceil<std::chrono::seconds>(settings.timeout_server);
  options.connection_name = fmt::format("simplevisor-transfer {}", ::getpid());
  if (incoming) {
    for (const Pairs& pairs : settings.subscribe) options.subscriptions.push_back(pairs.at("destination"));
    options.prefetch = static_cast<std::uint16_t>(prefetch_of(settings));
  }
  return options;
}

// A datagram is sent and forgotten: what asks for an answer contradicts it.
Result<void> check_datagrams(const Settings& settings, const SideSettings& side, bool incoming) {
  if (incoming)
    return wrong("incoming-broker-uri: nothing is received from udp, it is for the outgoing side");
  std::string_view word;
  if (settings.reliable) word = "reliable";
  if (settings.heart_beat) word = "heart-beat";
  if (!side.broker_auth.empty()) word = "outgoing-broker-auth";
  if (!side.broker_connect.empty()) word = "outgoing-broker-connect";
  if (!side.broker_sockopts.empty()) word = "outgoing-broker-sockopts";
  if (!side.broker_tls.empty()) word = "outgoing-broker-tls";
  if (word.empty()) return {};
  return wrong(fmt::format("outgoing-broker-uri: udp is sent and forgotten, and knows no {}", word));
}

Result<MakeClient> client_maker(const boost::asio::any_io_executor& executor, const Settings& settings,
                                const SideSettings& side, const Broker& broker, bool incoming) {
  switch (broker.address.endpoints.front().protocol) {
    case broker::Protocol::stomp: {
      auto options = stomp_options(settings, side, broker, incoming);
      if (!options) return std::unexpected(std::move(options).error());
      return [executor, options = *std::move(options)](const broker::Endpoint& endpoint,
                                                       broker::Client::Tell tell) {
        stomp::Options mine = options;
        mine.endpoint = endpoint;
        return std::make_unique<stomp::Client>(executor, std::move(mine), std::move(tell));
      };
    }
    case broker::Protocol::amqp:
      return [executor, options = amqp_options(settings, broker, incoming),
              connected = std::make_shared<bool>(false)](const broker::Endpoint& endpoint,
                                                         broker::Client::Tell tell) {
        amqp::Options mine = options;
        mine.endpoint = endpoint;
        mine.queues_expected = *connected;
        return std::make_unique<amqp::Client>(executor, std::move(mine),
                                              [connected, tell = std::move(tell)](broker::Event event) {
                                                if (std::holds_alternative<broker::Connected>(event))
                                                  *connected = true;
                                                tell(std::move(event));
                                              });
      };
    case broker::Protocol::udp: {
      if (const auto possible = check_datagrams(settings, side, incoming); !possible)
        return std::unexpected(possible.error());
      stomp::Options options;
      options.timeout_connect = settings.timeout_connect;
      return [executor, options](const broker::Endpoint& endpoint, broker::Client::Tell tell) {
        stomp::Options mine = options;
        mine.endpoint = endpoint;
        return std::make_unique<stomp::DatagramClient>(executor, std::move(mine), std::move(tell));
      };
    }
  }
  std::unreachable();
}

}  // namespace

dirq::Durability durability_of(const Settings& settings) {
  const std::string word = !settings.durability.empty() ? settings.durability
                           : settings.reliable          ? "full"
                                                        : "none";
  if (word == "full") return dirq::Durability::full;
  return word == "data" ? dirq::Durability::data : dirq::Durability::none;
}

Result<std::unique_ptr<Source>> make_source(const boost::asio::any_io_executor& executor,
                                            const Settings& settings, SourceListener listener) {
  const SideSettings& side = settings.incoming;
  if (!side.queue.empty()) {
    const auto queue = queue_settings(side.queue, "incoming-queue");
    if (!queue) return std::unexpected(queue.error());
    const auto seconds = [](Milliseconds time) { return std::chrono::ceil<std::chrono::seconds>(time); };
    QueueSourceOptions options{.path = queue->path,
                               .kind = queue->kind,
                               .remove = settings.remove,
                               .loop = settings.loop,
                               .dead_letter = dead_letter_of(settings),
                               .message_bytes_max = settings.message_bytes_max,
                               .poll = settings.poll,
                               .purge_every = settings.purge};
    options.purge.maxlock =
        queue->maxlock ? std::chrono::seconds{*queue->maxlock} : seconds(settings.maxlock);
    options.purge.maxtemp =
        queue->maxtemp ? std::chrono::seconds{*queue->maxtemp} : seconds(settings.maxtemp);
    return std::make_unique<QueueSource>(executor, std::move(options), std::move(listener));
  }
  auto broker = broker_of(side, "incoming");
  if (!broker) return std::unexpected(std::move(broker).error());
  const auto make = client_maker(executor, settings, side, *broker, true);
  if (!make) return std::unexpected(make.error());
  return std::make_unique<BrokerSource>(executor, std::move(broker->address), *make, dead_letter_of(settings),
                                        std::move(listener));
}

Result<std::unique_ptr<Sink>> make_sink(const boost::asio::any_io_executor& executor,
                                        const Settings& settings, TellSink tell) {
  const SideSettings& side = settings.outgoing;
  if (!side.queue.empty()) {
    auto queue = queue_settings(side.queue, "outgoing-queue");
    if (!queue) return std::unexpected(std::move(queue).error());
    queue->adding.queue.durability = durability_of(settings);
    return std::make_unique<QueueSink>(
        executor,
        QueueSinkOptions{
            .path = queue->path, .kind = queue->kind, .adding = queue->adding, .batch = settings.batch},
        std::move(tell));
  }
  auto broker = broker_of(side, "outgoing");
  if (!broker) return std::unexpected(std::move(broker).error());
  const auto make = client_maker(executor, settings, side, *broker, false);
  if (!make) return std::unexpected(make.error());
  return std::make_unique<BrokerSink>(executor, std::move(broker->address), *make, std::move(tell));
}

}  // namespace simplevisor::transfer
