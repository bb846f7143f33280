// workers/consumer/settings.hpp
//
// Everything a consumer can be told, from the command line or from a JSON file (the `with` table of a node).
//
// One table (settings_table) names each setting with its type and help text; file and command line both go
// through it, so neither knows a key that the other does not.
// Errors     all of them in one run, each naming the key, and for an unknown key the nearest that exists.
// Units      those of workers/service/units.hpp.
// Threads    plain values.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "workers/service/error.hpp"

namespace simplevisor::consumer {

enum class Protocol : std::uint8_t { exec, stream };
enum class Sync : std::uint8_t { none, data, full };

struct Settings {
  std::vector<std::string> queues;
  std::vector<std::string> handler;  // an argument list
  Protocol protocol = Protocol::exec;
  bool raw = false;         // elements are bytes, not messages
  std::string data = "{}";  // JSON object handed to a stream handler at its start
  std::size_t window = 1;
  std::size_t held_max = 1024;
  std::size_t attempts = 3;
  std::chrono::milliseconds retry_delay{5'000};
  std::string dead_letter;       // empty: QUEUE.dead for each queue
  Sync durability = Sync::full;  // of what is written to the dead-letter queue
  std::optional<std::chrono::milliseconds>
      handler_timeout;  // unset: 30 s for stream, 10 min for exec; 0: none
  std::chrono::milliseconds drain_timeout{4'000};
  std::chrono::milliseconds poll{5'000};
  std::chrono::milliseconds purge{300'000};
  std::chrono::milliseconds maxlock{600'000};
  std::chrono::milliseconds maxtemp{300'000};
  std::size_t message_bytes_max = std::size_t{128} << 20U;
  bool until_empty = false;
  std::string status_file;  // empty: none

  [[nodiscard]] std::chrono::milliseconds message_timeout() const;
  [[nodiscard]] std::string dead_letter_of(std::string_view queue) const;
};

enum class SettingType : std::uint8_t { text, list, flag, count, duration, size, json };

struct SettingInfo {
  std::string_view name;  // "retry_delay"; on the command line "--retry-delay"
  SettingType type;
  std::string_view help;
};

[[nodiscard]] std::span<const SettingInfo> settings_table() noexcept;

// Sets `name` from words of the command line (one word unless the type is a list). Nothing: it is set.
[[nodiscard]] std::optional<std::string> set_from_words(Settings& settings, std::string_view name,
                                                        const std::vector<std::string>& words);

// Sets what the JSON object in `text` names. Returns the problems, one line each.
[[nodiscard]] std::vector<std::string> set_from_json(Settings& settings, std::string_view text);

// What single values cannot show: nothing to do, contradictions. The problems, one line each.
[[nodiscard]] std::vector<std::string> contradictions(const Settings& settings);

// " (did you mean "retry_delay"?)", or nothing when no known name is near.
[[nodiscard]] std::string nearest_setting(std::string_view name);

}  // namespace simplevisor::consumer
