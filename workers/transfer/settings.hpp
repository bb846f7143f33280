// workers/transfer/settings.hpp
//
// Everything a transfer agent can be told: by its command line, a TOML file, a stompclt or amqpclt configuration file, or
// the JSON of a node's `with` table.
//
// Names      those of stompclt and amqpclt ("incoming-broker-uri"); "_" serves as "-", and nested tables as joined names:
//            `[incoming.broker] uri = ...`. One table (settings_table) names each setting with its type and help
//            text; every source of settings goes through it, as a JSON object, so none knows a key that another does not.
// Lists      `subscribe` and the other settings of several values take "KEY=VALUE KEY=VALUE", or a table.
// Units      times: a plain number of seconds, fractions allowed, or "250ms", "5s", "2min", "1h"; sizes: "64KiB" or bytes.
// Errors     all of them in one run, each naming the key, and for an unknown key the nearest that exists.
// Threads    plain values.
#pragma once

#include <boost/json/object.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "workers/rules/rules.hpp"
#include "workers/service/report.hpp"
#include "workers/stomp/trace.hpp"

namespace simplevisor::transfer {

using Pairs = std::map<std::string, std::string>;
using Milliseconds = std::chrono::milliseconds;

// One side of the transfer: a broker or a queue.
struct SideSettings {
  std::string broker_uri;
  std::vector<Pairs> broker_auth;  // as blocks; one that was a text has it under ""
  std::string broker_type;
  Pairs broker_connect;
  Pairs broker_tls;
  Pairs broker_sockopts;  // the same in the words of stompclt
  Pairs queue;
  std::optional<stomp::Trace> stomp_trace;

  [[nodiscard]] bool given() const { return !broker_uri.empty() || !queue.empty(); }
};

struct Settings {
  SideSettings incoming;
  SideSettings outgoing;

  std::vector<Pairs> subscribe;
  std::optional<std::vector<Pairs>> unsubscribe;
  std::optional<std::uint64_t> prefetch;
  std::string destination;  // for messages without one
  bool destination_overrides = false;
  bool passive = false;
  bool mandatory = true;
  bool heart_beat = false;

  bool reliable = false;
  bool remove = false;
  bool loop = false;
  bool lazy = false;
  bool statistics = false;
  std::optional<bool> reconnect;  // unset: only where nobody supervises us
  std::uint64_t window = 100;
  std::uint64_t window_bytes = std::uint64_t{64} << 20U;
  std::uint64_t message_bytes_max = std::uint64_t{128} << 20U;
  std::uint64_t batch = 100;
  std::string durability;  // none, data, full; empty: full with `reliable`, none without
  std::string dead_letter;

  std::optional<std::uint64_t> count;
  std::optional<Milliseconds> duration;
  std::optional<Milliseconds> timeout_inactivity;
  std::optional<Milliseconds> timeout_connect;
  std::optional<Milliseconds> timeout_broker;
  std::optional<Milliseconds> timeout_linger;
  std::optional<Milliseconds> timeout_disconnect;  // unset: STOMP 60 s, AMQP 10 s, under a supervisor 5 s
  std::optional<Milliseconds> timeout_flush;       // unset: 60 s, under a supervisor 5 s
  Milliseconds timeout_client{40'000};
  Milliseconds timeout_server{10'000};
  Milliseconds poll{5'000};
  Milliseconds purge{300'000};
  Milliseconds maxlock{600'000};
  Milliseconds maxtemp{300'000};

  rules::Rules rules;
  std::vector<std::string> filter;  // an argument list
  std::string filter_data = "{}";   // a JSON object
  Milliseconds filter_timeout{30'000};

  std::string status_file;
  std::string pidfile;
  bool daemon = false;
  bool debug = false;  // report what becomes of each message
  std::string log;     // syslog, file, stdout or null; empty: standard error
  std::string logfile;
  service::Severity log_level = service::Severity::info;
};

// `tables` are for files only.
enum class SettingType : std::uint8_t {
  text,
  words,
  flag,
  count,
  time,
  size,
  pairs,
  list_of_pairs,
  table,
  tables
};

struct SettingInfo {
  std::string_view name;
  SettingType type;
  std::string_view help;
};

[[nodiscard]] std::span<const SettingInfo> settings_table() noexcept;

// Nested tables joined, "_" made "-": what set_from() takes. Keys inside settings that are tables stay as they are.
[[nodiscard]] boost::json::object flattened(const boost::json::object& given);

// Sets what `given` names. Returns the problems, one line each.
[[nodiscard]] std::vector<std::string> set_from(Settings& settings, const boost::json::object& given);

// What single values cannot show: a side missing, contradictions. The problems, one line each.
[[nodiscard]] std::vector<std::string> contradictions(const Settings& settings);

// Wherever `maxlock` is said: locks are renewed three times within it, and their age counts in seconds. 0: never broken.
[[nodiscard]] constexpr bool locks_outlive_renewal(Milliseconds maxlock) {
  return maxlock.count() == 0 || maxlock >= std::chrono::seconds{3};
}
inline constexpr std::string_view maxlock_too_short =
    "maxlock: below 3s, locks of living agents would be broken";

// "key=value key=value", separated by blanks or commas, %XX undone in keys and values.
[[nodiscard]] std::optional<Pairs> parse_pairs(std::string_view text);

}  // namespace simplevisor::transfer
