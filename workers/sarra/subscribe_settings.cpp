#include "workers/sarra/subscribe_settings.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <array>
#include <boost/json.hpp>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <random>
#include <span>

#include "workers/broker/credentials.hpp"
#include "workers/broker/uri.hpp"
#include "workers/sarra/destinations.hpp"
#include "workers/sarra/names.hpp"

namespace simplevisor::sarra {
namespace {

namespace json = boost::json;
using service::ExitCode;
using service::fail;

constexpr std::size_t name_bytes_max = 255;

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

std::expected<std::string, std::string> user_of(const SubscribeSettings& settings) {
  for (const std::string& text : settings.broker_auth) {
    const auto credential = broker::parse_credential(text);
    if (!credential) return std::unexpected("broker-auth: " + credential.error().message);
    if (const auto* plain = std::get_if<broker::Plain>(&*credential)) return plain->name;
  }
  const auto address = broker::parse_address(settings.broker);
  if (!address) return std::unexpected("broker-uri: " + address.error().message);
  return address->endpoints.front().user.value_or("anonymous");
}

std::string share() {
  std::array<char, 256> host{};
  if (::gethostname(host.data(), host.size() - 1) != 0) host[0] = '\0';
  const std::string name = host.data();
  std::random_device random;
  return fmt::format("{}_{:08x}", name.substr(0, name.find('.')), random());
}

std::optional<std::string> name_in(const std::string& path) {
  std::ifstream in{path};
  std::string name;
  if (!std::getline(in, name) || name.empty() || name.size() > name_bytes_max) return std::nullopt;
  return name;
}

std::unexpected<service::Error> cannot_keep(const std::string& path) {
  const int error = errno;
  return fail(error == ENOSPC || error == EDQUOT ? ExitCode::temporary : ExitCode::cannot_create,
              fmt::format("{}: {}", path, std::strerror(error)));
}

std::vector<std::string> problems_of(const SubscribeSettings& s) {
  std::vector<std::string> problems;
  if (s.broker.empty()) problems.emplace_back("broker-uri: is not given");
  if (s.path.empty()) problems.emplace_back("path: is not given");
  if (!s.bindings.empty() && !(s.exchange.empty() && s.subtopics.empty()))
    problems.emplace_back("binding: instead of exchange and subtopic, not besides them");
  if (s.queue_name.size() > name_bytes_max) problems.emplace_back("queue-name: is too long");
  if (s.queue_name.empty() && s.state_dir.empty()) {
    problems.emplace_back("state-dir: needed to keep the name of the queue, unless queue-name is given");
  }
  if (s.nodupe_ttl.count() > 0 && s.state_dir.empty())
    problems.emplace_back("state-dir: needed by nodupe-ttl");
  return problems;
}

json::object transfer_object(const SubscribeSettings& s, const std::string& queue, bool expected) {
  json::object object{
      {"reliable", true},
      {"incoming-broker-uri", s.broker},
      {"subscribe", json::array{json::object{{"destination", destination_of(s, queue, expected)}}}},
      {"prefetch", s.prefetch},
      {"passive", s.passive},
      {"outgoing-queue", json::object{{"path", s.path}}},
      {"durability", s.durability},
      {"batch", s.batch},
      {"message-bytes-max", s.message_bytes_max.bytes}};
  if (!s.broker_auth.empty())
    object["incoming-broker-auth"] = json::array(s.broker_auth.begin(), s.broker_auth.end());
  if (!s.broker_tls.empty()) object["incoming-broker-tls"] = s.broker_tls;
  if (!s.dead_letter.empty()) object["dead-letter"] = s.dead_letter;
  if (!s.status_file.empty()) object["status-file"] = s.status_file;
  if (s.count > 0) object["count"] = s.count;
  if (s.timeout_inactivity.count() > 0)
    object["timeout-inactivity"] = fmt::format("{}ms", s.timeout_inactivity.count());
  return object;
}

}  // namespace

OptionTable subscribe_options(SubscribeSettings& s) {
  return OptionTable{{
      {"broker-uri", "where the broker is: amqp://USER@HOST", &s.broker},
      {"broker-auth", "who we are: \"plain name=N pass=P\", \"x509 ...\", \"file:PATH\"", &s.broker_auth},
      {"broker-tls", "ca_file, ca_directory, verify, server_name", &s.broker_tls},
      {"exchange", "of the announcements (default: xpublic)", &s.exchange},
      {"binding",
       "EXCHANGE:SUBTOPIC, instead of exchange and subtopic; may be repeated, for several exchanges",
       Reader{[&s](const json::value& value) -> std::optional<std::string> {
         auto bindings = parse_bindings(value);
         if (!bindings) return std::move(bindings).error();
         s.bindings = *std::move(bindings);
         return std::nullopt;
       }}},
      {"declare-exchange", "make the exchange if it is not there (default: its publishers do)",
       &s.declare_exchange},
      {"topic-prefix", "what topics begin with (default: v03; for the old format v02.post)", &s.topic_prefix},
      {"subtopic", "what to subscribe to, after the prefix; may be repeated (default: all)", &s.subtopics},
      {"queue-name", "at the broker (default: chosen once, kept in state-dir)", &s.queue_name},
      {"component", "part of a chosen queue name", &s.component},
      {"config", "part of a chosen queue name", &s.config},
      {"expire", "the broker deletes the queue when nobody consumed for this long; 0: never", &s.expire},
      {"message-age-max", "announcements older than this are not wanted; 0: any", &s.message_age_max},
      {"file-age-max", "files older than this are not wanted; 0: any", &s.file_age_max},
      {"file-age-min", "files younger than this have to wait", &s.file_age_min},
      {"prefetch", "announcements that the broker may give us beyond those acknowledged", &s.prefetch, 1,
       65'535},
      {"passive", "declare and bind nothing: the queue is there as it is", &s.passive},
      {"patterns", "\"accept REGEX\" or \"reject REGEX\", the first that matches decides; may be repeated",
       &s.patterns},
      {"accept-unmatched", "what no pattern matches is wanted (default)", &s.accept_unmatched},
      {"nodupe-ttl", "what all instances have seen within this time is not wanted again; 0: off",
       &s.nodupe_ttl},
      {"nodupe-entries", "how many of them are remembered", &s.nodupe_entries, 16, 100'000'000},
      {"path", "directory queue that accepted announcements go to", &s.path},
      {"durability", "of that queue: none, data or full (default)", &s.durability},
      {"batch", "announcements made durable together", &s.batch, 1, 256},
      {"dead-letter", "queue for what is no announcement (default: PATH.dead)", &s.dead_letter},
      {"state-dir", "what all instances of a pool share", &s.state_dir},
      {"status-file", "file in which the counters are kept, JSON", &s.status_file},
      {"message-bytes-max", "larger messages are set aside", &s.message_bytes_max},
      {"count", "leave after this many accepted announcements", &s.count},
      {"timeout-inactivity", "leave when nothing was accepted for this long", &s.timeout_inactivity},
  }};
}

std::string destination_of(const SubscribeSettings& s, const std::string& queue, bool expected) {
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

service::Result<std::string> kept_name(const std::string& path, const std::string& chosen) {
  if (auto name = name_in(path)) return *std::move(name);
  const std::string temporary = fmt::format("{}.{}", path, ::getpid());
  const int file = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0666);
  if (file < 0) return cannot_keep(temporary);
  const std::string line = chosen + '\n';
  const bool written =
      ::write(file, line.data(), line.size()) == static_cast<ssize_t>(line.size()) && ::fsync(file) == 0;
  if (::close(file) != 0 || !written) return cannot_keep(temporary);
  // Never over another's: who comes second takes what is there.
  const bool kept = ::link(temporary.c_str(), path.c_str()) == 0;
  const int error = errno;
  ::unlink(temporary.c_str());
  if (!kept && error != EEXIST) {
    errno = error;
    return cannot_keep(path);
  }
  if (auto name = name_in(path)) return *std::move(name);
  return fail(ExitCode::data, fmt::format("{}: holds no queue name", path));
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
      {}};
  const auto user = user_of(settings);
  if (!user) return fail(ExitCode::config, user.error());
  if (!settings.state_dir.empty()) {
    std::error_code error;
    std::filesystem::create_directories(settings.state_dir, error);
    if (error)
      return fail(ExitCode::cannot_create,
                  fmt::format("state-dir: {}: {}", settings.state_dir, error.message()));
  }
  std::string queue = settings.queue_name;
  if (queue.empty()) {
    auto kept = kept_name(settings.state_dir + "/queue-name",
                          queue_name(*user, settings.component, settings.config, *user + '_' + share()));
    if (!kept) return std::unexpected(std::move(kept).error());
    queue = *std::move(kept);
  }
  if (settings.nodupe_ttl.count() > 0) {
    Seen::Options options;
    options.ttl = settings.nodupe_ttl;
    options.entries = settings.nodupe_entries;
    auto seen = Seen::open(settings.state_dir, options);
    if (!seen) return fail(ExitCode::cannot_create, seen.error());
    made.seen.emplace(*std::move(seen));
  }
  bool expected = false;
  if (!settings.state_dir.empty()) {
    const std::string mark = settings.state_dir + "/subscribed";
    expected = name_in(mark) == queue;
    if (!expected) made.subscription.mark = mark;
  }
  made.subscription.queue = queue;
  const auto problems = transfer::set_from(made.transfer, transfer_object(settings, queue, expected));
  if (!problems.empty()) return fail(ExitCode::config, fmt::format("{}", fmt::join(problems, "; ")));
  return made;
}

}  // namespace simplevisor::sarra
