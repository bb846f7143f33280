#include "supervisor/runtime/journal/event_json.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <boost/json.hpp>
#include <charconv>
#include <cstdio>

#include "supervisor/runtime/utf8.hpp"

namespace simplevisor::runtime::journal {
namespace {

namespace json = boost::json;
using std::chrono::microseconds;
using std::chrono::milliseconds;

class Writer {
 public:
  void number(std::string_view name, std::int64_t value) {
    begin(name);
    fmt::format_to(std::back_inserter(text_), "{}", value);
  }
  void text(std::string_view name, std::string_view value) {
    begin(name);
    append_json_string(text_, value);
  }
  // Leaves it out when there is nothing to say.
  void some(std::string_view name, std::string_view value) {
    if (!value.empty()) text(name, value);
  }
  [[nodiscard]] std::string end() && {
    text_ += '}';
    return std::move(text_);
  }

 private:
  void begin(std::string_view name) {
    text_ += text_.empty() ? "{\"" : ",\"";
    text_.append(name).append("\":");
  }
  std::string text_;
};

// Only what in_text() writes.
std::optional<Time> time_of(std::string_view text) {
  constexpr std::string_view shape = "0000-00-00T00:00:00.000000Z";
  if (text.size() != shape.size()) return std::nullopt;
  for (std::size_t n = 0; n < shape.size(); ++n) {
    const bool digit = text[n] >= '0' && text[n] <= '9';
    if (shape[n] == '0' ? !digit : text[n] != shape[n]) return std::nullopt;
  }
  const auto part = [&](std::size_t at, std::size_t length) {
    int value = 0;
    std::from_chars(text.data() + at, text.data() + at + length, value);
    return value;
  };
  const std::chrono::year_month_day day{std::chrono::year{part(0, 4)},
                                        std::chrono::month{static_cast<unsigned>(part(5, 2))},
                                        std::chrono::day{static_cast<unsigned>(part(8, 2))}};
  if (!day.ok()) return std::nullopt;
  return std::chrono::sys_days{day} + std::chrono::hours{part(11, 2)} + std::chrono::minutes{part(14, 2)} +
         std::chrono::seconds{part(17, 2)} + microseconds{part(20, 6)};
}

std::string string_in(const json::object& object, std::string_view name) {
  const json::value* const found = object.if_contains({name.data(), name.size()});
  const json::string* const text = found ? found->if_string() : nullptr;
  return text ? std::string{text->data(), text->size()} : std::string{};
}

std::int64_t number_in(const json::object& object, std::string_view name) {
  const json::value* const found = object.if_contains({name.data(), name.size()});
  const std::int64_t* const number = found ? found->if_int64() : nullptr;
  return number ? *number : 0;
}

std::optional<Event> event_of(const json::object& object) {
  const auto kind = kind_named(string_in(object, "kind"));
  const auto time = time_of(string_in(object, "time"));
  const std::int64_t id = number_in(object, "id");
  if (!kind || !time || id <= 0) return std::nullopt;
  Event event;
  event.id = static_cast<EventId>(id);
  event.time = *time;
  event.kind = *kind;
  event.path = string_in(object, "path");
  event.about = string_in(object, "about");
  event.pid = static_cast<int>(number_in(object, "pid"));
  event.life = static_cast<std::uint32_t>(number_in(object, "life"));
  event.text = string_in(object, "text");
  event.by = string_in(object, "by");
  if (const auto cause = cause_named(string_in(object, "cause"))) {
    const bool by_signal = object.contains("signal");
    event.end = End{.cause = *cause,
                    .status = static_cast<int>(number_in(object, by_signal ? "signal" : "status")),
                    .by_signal = by_signal,
                    .lived = milliseconds{number_in(object, "lived_ms")}};
  }
  return event;
}

std::optional<std::pair<std::string, History>> history_of(const json::object& object) {
  const std::string path = string_in(object, "history");
  const json::value* const ends = object.if_contains("ends");
  if (path.empty() || !ends || !ends->is_array()) return std::nullopt;
  History history;
  for (const json::value& value : ends->get_array()) {
    const json::array* const end = value.if_array();
    if (!end || end->size() != 6) return std::nullopt;
    std::int64_t fields[6];
    for (std::size_t n = 0; n < 6; ++n) {
      const std::int64_t* const number = (*end)[n].if_int64();
      if (!number) return std::nullopt;
      fields[n] = *number;
    }
    if (fields[2] < 0 || fields[2] > std::to_underlying(Cause::not_started)) return std::nullopt;
    if (fields[5] < -1 || fields[5] > std::to_underlying(Kind::supervisor_stopped)) return std::nullopt;
    const auto action =
        fields[5] < 0 ? std::nullopt : std::optional{Kind{static_cast<std::uint8_t>(fields[5])}};
    history.add(Time{microseconds{fields[0]}},
                End{.cause = Cause{static_cast<std::uint8_t>(fields[2])},
                    .status = static_cast<int>(fields[3]),
                    .by_signal = fields[4] != 0,
                    .lived = milliseconds{fields[1]}},
                action);
  }
  history.total = std::max(history.total, static_cast<std::uint64_t>(number_in(object, "total")));
  return std::pair{path, history};
}

}  // namespace

std::string in_text(Time time) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
  const auto fraction = (time - seconds).count();
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:06}Z", fmt::gmtime(seconds.time_since_epoch().count()),
                     fraction);
}

std::string to_json(const Event& event) {
  Writer line;
  line.number("id", static_cast<std::int64_t>(event.id));
  line.text("time", in_text(event.time));
  line.text("kind", name_of(event.kind));
  line.some("path", event.path);
  line.some("about", event.about);
  if (event.pid != 0) line.number("pid", event.pid);
  if (event.life != 0) line.number("life", event.life);
  if (event.end) {
    line.text("cause", name_of(event.end->cause));
    if (event.end->cause != Cause::not_started)
      line.number(event.end->by_signal ? "signal" : "status", event.end->status);
    line.number("lived_ms", event.end->lived.count());
  }
  line.some("text", event.text);
  line.some("by", event.by);
  line.some("rule", rule_of(event.kind));
  return std::move(line).end();
}

std::string to_json(After after) {
  return fmt::format("{{\"after\":{}}}", after.id);
}

std::string to_json(const std::string& path, const History& history) {
  std::string ends;
  for (const History::Entry& entry : history.entries()) {
    fmt::format_to(std::back_inserter(ends), "{}[{},{},{},{},{},{}]", ends.empty() ? "" : ",",
                   entry.time.time_since_epoch().count(), entry.end.lived.count(),
                   std::to_underlying(entry.end.cause), entry.end.status, entry.end.by_signal ? 1 : 0,
                   entry.action ? int{std::to_underlying(*entry.action)} : -1);
  }
  std::string line = "{\"history\":";
  append_json_string(line, path);
  fmt::format_to(std::back_inserter(line), ",\"total\":{},\"ends\":[{}]}}", history.total, ends);
  return line;
}

Line parse_line(std::string_view line) {
  json::error_code error;
  const json::value value = json::parse({line.data(), line.size()}, error);
  if (error || !value.is_object()) return {};
  const json::object& object = value.get_object();
  if (const std::int64_t after = number_in(object, "after"); after > 0)
    return After{static_cast<EventId>(after)};
  if (object.contains("history")) {
    if (auto history = history_of(object)) return *std::move(history);
  } else if (auto event = event_of(object)) {
    return *std::move(event);
  }
  return {};
}

}  // namespace simplevisor::runtime::journal
