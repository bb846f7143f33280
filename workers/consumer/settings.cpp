#include "workers/consumer/settings.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <boost/json.hpp>
#include <charconv>
#include <filesystem>
#include <functional>
#include <set>
#include <variant>

#include "workers/service/nearest.hpp"
#include "workers/service/units.hpp"

namespace simplevisor::consumer {
namespace {

namespace json = boost::json;
using std::chrono::milliseconds;

using Complaint = std::optional<std::string>;

// Where a setting lives, and within which bounds. The alternative taken is its type.
struct CountField {
  std::size_t Settings::* field;
  std::size_t min;
  std::size_t max;
};
struct ChoiceField {
  std::vector<std::string_view> names;
  std::function<void(Settings&, std::size_t)> choose;
};
struct DurationField {
  std::function<void(Settings&, milliseconds)> set;
};
struct SizeField {
  std::size_t Settings::* field;
};
struct DataField {};
using Field = std::variant<std::string Settings::*, std::vector<std::string> Settings::*, bool Settings::*,
                           CountField, ChoiceField, DurationField, SizeField, DataField>;

DurationField duration(milliseconds Settings::* field) {
  return {[field](Settings& settings, milliseconds value) { settings.*field = value; }};
}

struct Row {
  SettingInfo info;
  Field field;
};

const std::vector<Row>& rows() {
  static const std::vector<Row> all{
      {{"queue", SettingType::list, "directory queue to take from; may be repeated"}, &Settings::queues},
      {{"handler", SettingType::list, "program and arguments that handle a message"}, &Settings::handler},
      {{"protocol", SettingType::text, "exec: a process for each message; stream: one process, JSON lines"},
       ChoiceField{{"exec", "stream"},
                   [](Settings& s, std::size_t i) { s.protocol = static_cast<Protocol>(i); }}},
      {{"raw", SettingType::flag, "elements are bytes, not messages"}, &Settings::raw},
      {{"data", SettingType::json, "JSON object told to a stream handler at its start"}, DataField{}},
      {{"window", SettingType::count, "messages handled at a time (stream: at most, as the handler asks)"},
       CountField{&Settings::window, 1, 1000}},
      {{"concurrency", SettingType::count, "the same as window"}, CountField{&Settings::window, 1, 1000}},
      {{"held_max", SettingType::count, "elements held at a time, with those that wait to be tried again"},
       CountField{&Settings::held_max, 2, 100'000}},
      {{"attempts", SettingType::count, "failures after which a message goes to the dead-letter queue"},
       CountField{&Settings::attempts, 1, 1'000'000}},
      {{"retry_delay", SettingType::duration, "before a failed message is tried again"},
       duration(&Settings::retry_delay)},
      {{"dead_letter", SettingType::text, "queue for what failed too often (default: QUEUE.dead)"},
       &Settings::dead_letter},
      {{"durability", SettingType::text, "of dead letters: none, data or full"},
       ChoiceField{{"none", "data", "full"},
                   [](Settings& s, std::size_t i) { s.durability = static_cast<Sync>(i); }}},
      {{"handler_timeout", SettingType::duration,
        "for one message; 0: none (default: exec 10min, stream 30s)"},
       DurationField{[](Settings& s, milliseconds value) { s.handler_timeout = value; }}},
      {{"drain_timeout", SettingType::duration,
        "for what is in hand when told to stop; then it is given back"},
       duration(&Settings::drain_timeout)},
      {{"poll", SettingType::duration, "how often a queue is looked at although nothing was announced"},
       duration(&Settings::poll)},
      {{"purge", SettingType::duration, "how often old locks and temporaries are removed; 0: never"},
       duration(&Settings::purge)},
      {{"maxlock", SettingType::duration, "age from which a purge breaks locks; 0: never"},
       duration(&Settings::maxlock)},
      {{"maxtemp", SettingType::duration, "age from which a purge removes temporaries; 0: never"},
       duration(&Settings::maxtemp)},
      {{"message_bytes_max", SettingType::size, "larger messages are dead letters"},
       SizeField{&Settings::message_bytes_max}},
      {{"until_empty", SettingType::flag, "leave when there is nothing more to take"},
       &Settings::until_empty},
      {{"status_file", SettingType::text,
        "file in which the counters are kept, JSON; {instance}: our number in a pool"},
       &Settings::status_file},
  };
  return all;
}

const Row* row_of(std::string_view name) {
  const auto row = std::ranges::find(rows(), name, [](const Row& r) { return r.info.name; });
  return row == rows().end() ? nullptr : &*row;
}

// One function for each type, from text; numbers of a JSON file come as their text.
Complaint set_text(Settings& settings, const Field& field, const std::string& text) {
  if (const auto* to = std::get_if<std::string Settings::*>(&field)) {
    if (text.empty()) return "must not be empty";
    settings.*(*to) = text;
    return {};
  }
  if (const auto* count = std::get_if<CountField>(&field)) {
    std::size_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size() || value < count->min ||
        value > count->max) {
      return fmt::format("\"{}\" is no number from {} to {}", text, count->min, count->max);
    }
    settings.*(count->field) = value;
    return {};
  }
  if (const auto* choice = std::get_if<ChoiceField>(&field)) {
    const auto chosen = std::ranges::find(choice->names, text);
    if (chosen == choice->names.end()) {
      return fmt::format("\"{}\" is none of {}", text, fmt::join(choice->names, ", "));
    }
    choice->choose(settings, static_cast<std::size_t>(chosen - choice->names.begin()));
    return {};
  }
  if (const auto* span = std::get_if<DurationField>(&field)) {
    const auto value = service::parse_duration(text);
    if (!value) return fmt::format("\"{}\" is no duration such as 5s or 250ms", text);
    span->set(settings, *value);
    return {};
  }
  if (const auto* size = std::get_if<SizeField>(&field)) {
    const auto value = service::parse_size(text);
    if (!value || *value == 0) return fmt::format("\"{}\" is no size such as 64KiB", text);
    settings.*(size->field) = *value;
    return {};
  }
  return "does not take text";
}

Complaint set_flag(Settings& settings, const Field& field, bool value) {
  const auto* to = std::get_if<bool Settings::*>(&field);
  if (to == nullptr) return "is not a yes-or-no setting";
  settings.*(*to) = value;
  return {};
}

Complaint set_list(Settings& settings, const Field& field, std::vector<std::string> words) {
  const auto* to = std::get_if<std::vector<std::string> Settings::*>(&field);
  if (to == nullptr) return "takes one value, not a list";
  if (words.empty() || words.front().empty()) return "must not be empty";
  settings.*(*to) = std::move(words);
  return {};
}

Complaint set_data(Settings& settings, const json::value& value) {
  if (!value.is_object()) return "must be a table";
  settings.data = json::serialize(value);
  return {};
}

std::string string_of(const json::value& value) {
  return value.is_string() ? std::string{value.as_string()} : json::serialize(value);
}

Complaint set_value(Settings& settings, const Field& field, const json::value& value) {
  if (std::holds_alternative<DataField>(field)) return set_data(settings, value);
  if (value.is_bool()) return set_flag(settings, field, value.as_bool());
  if (std::holds_alternative<bool Settings::*>(field)) return "must be true or false";
  if (std::holds_alternative<std::vector<std::string> Settings::*>(field)) {
    std::vector<std::string> words;
    if (value.is_string())
      words.push_back(string_of(value));
    else if (!value.is_array())
      return "must be a string or a list of strings";
    else {
      for (const auto& word : value.as_array()) {
        if (!word.is_string()) return "must be a string or a list of strings";
        words.push_back(string_of(word));
      }
    }
    return set_list(settings, field, std::move(words));
  }
  const bool takes_number =
      !std::holds_alternative<std::string Settings::*>(field) && !std::holds_alternative<ChoiceField>(field);
  if (!value.is_string() && !(takes_number && value.is_number())) {
    return takes_number ? "must be a string or a number" : "must be a string";
  }
  // A double is written as 5E0; what the units take is plain digits.
  if (value.is_double()) return set_text(settings, field, fmt::format("{}", value.as_double()));
  return set_text(settings, field, string_of(value));
}

}  // namespace

milliseconds Settings::message_timeout() const {
  using namespace std::chrono_literals;
  return handler_timeout.value_or(protocol == Protocol::stream ? milliseconds{30s} : milliseconds{10min});
}

std::string Settings::dead_letter_of(std::string_view queue) const {
  if (!dead_letter.empty()) return dead_letter;
  while (queue.size() > 1 && queue.ends_with('/')) queue.remove_suffix(1);
  return fmt::format("{}.dead", queue);
}

std::span<const SettingInfo> settings_table() noexcept {
  static const std::vector<SettingInfo> infos = [] {
    std::vector<SettingInfo> all;
    for (const Row& row : rows()) all.push_back(row.info);
    return all;
  }();
  return infos;
}

std::optional<std::string> set_from_words(Settings& settings, std::string_view name,
                                          const std::vector<std::string>& words) {
  const Row* row = row_of(name);
  if (row == nullptr) return fmt::format("unknown setting{}", nearest_setting(name));
  switch (row->info.type) {
    case SettingType::list:
      return set_list(settings, row->field, words);
    case SettingType::flag:
      return set_flag(settings, row->field, words.empty() || words.front() == "true");
    case SettingType::json: {
      json::error_code ec;
      const json::value value = json::parse(words.empty() ? std::string{} : words.front(), ec);
      return ec ? Complaint{"is not JSON"} : set_data(settings, value);
    }
    case SettingType::text:
    case SettingType::count:
    case SettingType::duration:
    case SettingType::size:
      return words.empty() ? Complaint{"needs a value"} : set_text(settings, row->field, words.front());
  }
  std::unreachable();
}

std::vector<std::string> set_from_json(Settings& settings, std::string_view text) {
  json::error_code ec;
  const json::value document = json::parse(text, ec);
  if (ec) return {fmt::format("not JSON: {}", ec.message())};
  if (!document.is_object()) return {"not a JSON object"};
  std::vector<std::string> problems;
  for (const auto& [key, value] : document.as_object()) {
    const std::string name{key};
    const Row* row = row_of(name);
    const Complaint complaint = row == nullptr ? fmt::format("unknown key{}", nearest_setting(name))
                                               : set_value(settings, row->field, value);
    if (complaint) problems.push_back(fmt::format("{}: {}", name, *complaint));
  }
  return problems;
}

std::vector<std::string> contradictions(const Settings& settings) {
  std::vector<std::string> problems;
  if (settings.queues.empty()) problems.emplace_back("queue: no queue to take from");
  if (settings.handler.empty()) problems.emplace_back("handler: no program to handle messages");
  std::set<std::string> seen;
  for (const std::string& queue : settings.queues) {
    const auto plain = [](const std::string& path) {
      return std::filesystem::absolute(path).lexically_normal().string();
    };
    const std::string normal = plain(queue);
    if (queue.empty())
      problems.emplace_back("queue: an empty path");
    else if (!seen.insert(normal).second)
      problems.push_back(fmt::format("queue: \"{}\" is named twice", queue));
    if (normal == plain(settings.dead_letter_of(queue))) {
      problems.push_back(fmt::format("dead_letter: \"{}\" is a queue that is taken from", queue));
    }
  }
  if (settings.held_max <= settings.window) problems.emplace_back("held_max: must be more than window");
  if (settings.poll.count() == 0) problems.emplace_back("poll: must not be 0");
  using namespace std::chrono_literals;
  if (settings.maxlock > 0ms && settings.maxlock < 3s) {
    problems.emplace_back("maxlock: below 3s, locks of living consumers would be broken");
  }
  return problems;
}

std::string nearest_setting(std::string_view name) {
  std::vector<std::string_view> known;
  for (const Row& row : rows()) known.push_back(row.info.name);
  return service::did_you_mean(name, known);
}

}  // namespace simplevisor::consumer
