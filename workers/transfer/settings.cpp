#include "workers/transfer/settings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <filesystem>
#include <system_error>

#include "workers/service/nearest.hpp"
#include "workers/transfer/setters.hpp"

namespace simplevisor::transfer {
namespace {

namespace json = boost::json;
using namespace setters;

struct Row {
  SettingInfo info;
  Setter set;
};

// The same settings for either side.
template <SideSettings Settings::* side>
void add_side(std::vector<Row>& rows, std::string_view direction) {
  static std::map<std::string_view, std::vector<std::string>> names;  // the table's views point here
  auto& mine = names[direction];
  mine.reserve(16);
  const auto named = [&](std::string_view rest) -> std::string_view {
    return mine.emplace_back(fmt::format("{}-{}", direction, rest));
  };
  const auto at = [](auto SideSettings::* part) {
    return [part](Settings& settings) -> auto& { return settings.*side.*part; };
  };
  rows.push_back(
      {{named("broker-uri"), SettingType::text, "where the broker is"}, text(at(&SideSettings::broker_uri))});
  rows.push_back(
      {{named("broker-auth"), SettingType::list_of_pairs,
        "who we are: \"plain name=N pass=P\", \"x509 ...\", or \"file:PATH\", which no process list shows"},
       list_of_pairs(at(&SideSettings::broker_auth), true)});
  rows.push_back(
      {{named("broker-type"), SettingType::text, "RabbitMQ, ActiveMQ, ...: instead of what it says itself"},
       text(at(&SideSettings::broker_type))});
  rows.push_back({{named("broker-connect"), SettingType::pairs, "more headers of STOMP's CONNECT"},
                  pairs(at(&SideSettings::broker_connect))});
  rows.push_back({{named("broker-sockopts"), SettingType::pairs,
                   "the same as stompclt has them: SSL_ca_file, SSL_ca_path, ..."},
                  pairs(at(&SideSettings::broker_sockopts))});
  rows.push_back({{named("broker-tls"), SettingType::pairs,
                   "ca_file, ca_directory, verify, server_name, certificate_file, key_file"},
                  pairs(at(&SideSettings::broker_tls))});
  rows.push_back(
      {{named("broker-stomp-debug"), SettingType::text,
        "report each frame: command, or header for its headers too, without secrets (also body, io, "
        "connection, api, all)"},
       stomp_debug(at(&SideSettings::stomp_trace))});
  rows.push_back(
      {{named("broker-module"), SettingType::text, ""}, refuse("there is one client library only")});
  rows.push_back({{named("queue"), SettingType::pairs, "a directory queue: path=... and its options"},
                  pairs(at(&SideSettings::queue))});
}

std::vector<Row> make_rows() {
  std::vector<Row> rows;
  add_side<&Settings::incoming>(rows, "incoming");
  add_side<&Settings::outgoing>(rows, "outgoing");
  const auto add = [&](std::string_view name, SettingType type, std::string_view help, Setter set) {
    rows.push_back({{name, type, help}, std::move(set)});
  };
  constexpr std::uint64_t many = std::uint64_t{1} << 53U;
  add("subscribe", SettingType::list_of_pairs,
      "what to receive: destination=... and more headers; may be repeated",
      list_of_pairs(&Settings::subscribe));
  add("unsubscribe", SettingType::list_of_pairs, "unsubscribe before disconnecting (STOMP); may be empty",
      list_of_pairs(&Settings::unsubscribe));
  add("prefetch", SettingType::count, "messages the broker may send us beyond those acknowledged",
      number(&Settings::prefetch, 0, 65'535));
  add("destination", SettingType::text, "where messages go that do not say it", text(&Settings::destination));
  add("destination-overrides", SettingType::flag, "all messages go to `destination`",
      flag(&Settings::destination_overrides));
  add("passive", SettingType::flag, "declare nothing at the broker (AMQP)", flag(&Settings::passive));
  add("mandatory", SettingType::flag, "a message that no queue is bound for is refused (AMQP; default)",
      flag(&Settings::mandatory));
  add("heart-beat", SettingType::flag,
      "heart-beats both ways (STOMP; AMQP has them anyway, then every timeout-server)",
      flag(&Settings::heart_beat));
  add("reliable", SettingType::flag, "nothing is lost: acknowledge and remove only what has arrived",
      flag(&Settings::reliable));
  add("remove", SettingType::flag, "remove what was transferred from the incoming queue",
      flag(&Settings::remove));
  add("loop", SettingType::flag, "wait for more in the incoming queue", flag(&Settings::loop));
  add("lazy", SettingType::flag, "connect the outgoing side for the first message only",
      flag(&Settings::lazy));
  add("statistics", SettingType::flag, "print statistics at the end", flag(&Settings::statistics));
  add("reconnect", SettingType::flag,
      "connect again when a broker is lost, and be ready before it is there (default: where nobody "
      "supervises us)",
      flag(&Settings::reconnect));
  add("window", SettingType::count, "messages in hand at a time, at most",
      number(&Settings::window, 1, 100'000));
  add("window-bytes", SettingType::size, "bytes in hand at a time, about", size(&Settings::window_bytes));
  add("message-bytes-max", SettingType::size, "larger messages are set aside",
      size(&Settings::message_bytes_max));
  add("batch", SettingType::count, "messages of the outgoing queue made durable together",
      number(&Settings::batch, 1, 256));
  add("durability", SettingType::text,
      "of the outgoing queue: none, data or full (default: full if reliable, else none)",
      text(&Settings::durability));
  add("dead-letter", SettingType::text,
      "queue for what can never be sent (default: beside the queue of either side)",
      text(&Settings::dead_letter));
  add("count", SettingType::count, "leave after this many messages", number(&Settings::count, 0, many));
  add("duration", SettingType::time, "leave after this time", time(&Settings::duration));
  add("timeout-inactivity", SettingType::time, "leave when no message came for this long",
      time(&Settings::timeout_inactivity));
  add("timeout-connect", SettingType::time, "for a connection to be made", time(&Settings::timeout_connect));
  add("timeout-broker", SettingType::time, "for an answer of the broker", time(&Settings::timeout_broker));
  add("timeout-linger", SettingType::time, "for what is in hand when leaving (default: 10 s)",
      time(&Settings::timeout_linger));
  add("timeout-disconnect", SettingType::time, "for the goodbye", time(&Settings::timeout_disconnect));
  add("timeout-flush", SettingType::time, "for the last bytes", time(&Settings::timeout_flush));
  add("timeout-client", SettingType::time, "how often we are heard (heart-beat)",
      time(&Settings::timeout_client));
  add("timeout-server", SettingType::time, "how often we want to hear the broker (heart-beat)",
      time(&Settings::timeout_server));
  add("poll", SettingType::time, "how often an idle queue is looked at", time(&Settings::poll));
  add("purge", SettingType::time, "how often old locks are removed; 0: never", time(&Settings::purge));
  add("maxlock", SettingType::time, "age from which a purge breaks locks; 0: never",
      time(&Settings::maxlock));
  add("maxtemp", SettingType::time, "age from which a purge removes temporaries; 0: never",
      time(&Settings::maxtemp));
  add("rules", SettingType::tables, "rules, which change, copy or reject messages", set_rules);
  add("filter", SettingType::words, "program that checks and may change each message (JSON lines)",
      set_filter);
  add("filter-data", SettingType::table, "JSON object told to the filter at its start", set_filter_data);
  add("filter-timeout", SettingType::time, "for the filter to answer; 0: none",
      time(&Settings::filter_timeout));
  add("status-file", SettingType::text,
      "file in which the counters are kept, JSON; {instance}: our number in a pool",
      text(&Settings::status_file));
  add("pidfile", SettingType::text, "file with our pid, by which --status and --quit find us",
      text(&Settings::pidfile));
  add("daemon", SettingType::flag, "leave the terminal; reports go to syslog", flag(&Settings::daemon));
  add("debug", SettingType::flag, "report what becomes of each message", flag(&Settings::debug));
  add("log", SettingType::text, "where reports go: stdout, syslog, file or null (default: standard error)",
      one_of(&Settings::log, {"stdout", "syslog", "file", "null"}));
  add("logfile", SettingType::text, "the file that reports are added to", text(&Settings::logfile));
  add("loglevel", SettingType::text,
      "the least of what is reported: info (default), warning or error; \"debug\" is the same as debug",
      set_log_level);
  // Of the command line only; the tools that these files were written for ignore them, too.
  for (const std::string_view name : {"quit", "status", "timeout-status"}) {
    add(name, SettingType::text, "", [](Settings&, const json::value&) -> Complaint { return {}; });
  }
  for (const std::string_view name : {"callback-code", "callback-path", "callback-data"}) {
    add(name, SettingType::text, "",
        refuse("code in another language cannot be loaded: see filter and rules"));
  }
  return rows;
}

const std::vector<Row>& rows() {
  static const std::vector<Row> all = make_rows();
  return all;
}

const Row* row_of(std::string_view name) {
  const auto row = std::ranges::find(rows(), name, [](const Row& r) { return r.info.name; });
  return row == rows().end() ? nullptr : &*row;
}

void flatten(const json::object& given, const std::string& before, json::object& flat) {
  for (const auto& [key, value] : given) {
    std::string name =
        before.empty() ? std::string{key} : fmt::format("{}-{}", before, std::string_view{key});
    std::ranges::replace(name, '_', '-');
    if (value.is_object() && row_of(name) == nullptr)
      flatten(value.as_object(), name, flat);
    else
      flat[name] = value;
  }
}

std::string path_of(const SideSettings& side) {
  const auto path = side.queue.find("path");
  return path == side.queue.end() ? std::string{} : path->second;
}

// What goes round in it would never come to an end.
bool same_queue(const std::string& one, const std::string& other) {
  if (one.empty() || other.empty()) return false;
  namespace fs = std::filesystem;
  const fs::path from = one;
  const fs::path to = other;
  std::error_code absent;
  return fs::equivalent(from, to, absent) ||
         fs::weakly_canonical(from / ".", absent) == fs::weakly_canonical(to / ".", absent);
}

std::vector<std::string_view> names_of_settings() {
  std::vector<std::string_view> names;
  for (const Row& row : rows()) names.push_back(row.info.name);
  return names;
}

}  // namespace

std::span<const SettingInfo> settings_table() noexcept {
  static const std::vector<SettingInfo> infos = [] {
    std::vector<SettingInfo> all;
    for (const Row& row : rows()) all.push_back(row.info);
    return all;
  }();
  return infos;
}

json::object flattened(const json::object& given) {
  json::object flat;
  flatten(given, "", flat);
  return flat;
}

std::vector<std::string> set_from(Settings& settings, const json::object& given) {
  std::vector<std::string> problems;
  for (const auto& [key, value] : given) {
    const std::string name{key};
    const Row* const row = row_of(name);
    const Complaint complaint =
        row != nullptr ? row->set(settings, value)
                       : fmt::format("unknown setting{}", service::did_you_mean(name, names_of_settings()));
    if (complaint) problems.push_back(fmt::format("{}: {}", name.substr(0, 100), *complaint));
  }
  return problems;
}

std::vector<std::string> contradictions(const Settings& s) {
  std::vector<std::string> problems;
  const auto complain = [&](bool wrong, std::string_view what) {
    if (wrong) problems.emplace_back(what);
  };
  const auto side = [&](const SideSettings& settings, std::string_view name) {
    complain(!settings.given(),
             fmt::format("{}: neither {}-broker-uri nor {}-queue is given", name, name, name));
    complain(!settings.broker_uri.empty() && !settings.queue.empty(),
             fmt::format("{}: both {}-broker-uri and {}-queue are given", name, name, name));
    complain(!settings.queue.empty() && !settings.queue.contains("path"),
             fmt::format("{}-queue: without a path", name));
  };
  side(s.incoming, "incoming");
  side(s.outgoing, "outgoing");
  complain(same_queue(path_of(s.incoming), path_of(s.outgoing)), "outgoing-queue: is the incoming queue");
  complain(same_queue(s.dead_letter, path_of(s.outgoing)), "dead-letter: is the outgoing queue");
  complain(same_queue(s.dead_letter, path_of(s.incoming)), "dead-letter: is the incoming queue");
  const bool from_queue = !s.incoming.queue.empty();
  complain(!from_queue && s.loop, "loop: needs an incoming queue");
  complain(!from_queue && s.remove, "remove: needs an incoming queue");
  complain(s.loop && !s.remove, "loop: without remove every message would be sent again in each pass");
  complain(from_queue && s.prefetch.has_value(), "prefetch: needs an incoming broker");
  complain(from_queue && !s.subscribe.empty(), "subscribe: needs an incoming broker");
  complain(from_queue && s.unsubscribe.has_value(), "unsubscribe: needs an incoming broker");
  complain(!from_queue && s.subscribe.empty(), "subscribe: an incoming broker needs at least one");
  for (const Pairs& subscription : s.subscribe)
    complain(!subscription.contains("destination"), "subscribe: without a destination");
  complain(s.unsubscribe && s.unsubscribe->size() > s.subscribe.size(),
           "unsubscribe: more of them than of subscribe");
  complain(s.filter.empty() && s.filter_data != "{}", "filter-data: needs a filter");
  complain(s.destination.empty() && s.destination_overrides, "destination-overrides: needs a destination");
  complain(
      !s.durability.empty() && s.durability != "none" && s.durability != "data" && s.durability != "full",
      "durability: none, data or full");
  complain(s.daemon && s.statistics, "daemon: has no output that statistics could be printed to");
  complain(s.log == "file" && s.logfile.empty(), "log: \"file\" needs a logfile");
  complain(s.poll.count() == 0, "poll: must not be 0");
  complain(!locks_outlive_renewal(s.maxlock), maxlock_too_short);
  return problems;
}

}  // namespace simplevisor::transfer
