#include "supervisor/runtime/journal/tape.hpp"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <limits>
#include <utility>

#include "supervisor/runtime/utf8.hpp"

namespace simplevisor::runtime::journal {
namespace {

namespace json = boost::json;

std::int64_t nanoseconds(core::TimePoint time) {
  return std::chrono::nanoseconds(time.time_since_epoch()).count();
}
core::TimePoint time_point(std::int64_t nanoseconds) {
  return core::TimePoint{
      std::chrono::duration_cast<core::TimePoint::duration>(std::chrono::nanoseconds(nanoseconds))};
}

class Writer {
 public:
  explicit Writer(std::string& text) : text_(text) {}

  void operator()(const core::WorkerStarted& event) { life("started", event.node, event.life); }
  void operator()(const core::WorkerStartFailed& event) { life("start_failed", event.node, event.life); }
  void operator()(const core::WorkerExited& event) {
    add(R"(,["exited",{},{},{}])", std::to_underlying(event.node), std::to_underlying(event.life),
        std::to_underlying(event.ending));
  }
  void operator()(const core::StopExtended& event) {
    add(R"(,["extended",{},{},{}])", std::to_underlying(event.node), std::to_underlying(event.life),
        nanoseconds(event.until));
  }
  void operator()(const core::StopTree&) { text_ += R"(,["stop"])"; }
  void operator()(const core::Hurry&) { text_ += R"(,["hurry"])"; }
  void operator()(const core::Request& event) {
    add(R"(,["request",{},{},{},)", std::to_underlying(event.id), std::to_underlying(event.kind),
        std::to_underlying(event.supervisor));
    append_json_string(text_, event.child);
    add(",{},{},{},{},{}]", std::to_underlying(event.node), std::to_underlying(event.life), event.instance,
        event.hold, event.spec != nullptr);
  }

 private:
  template <class... Values>
  void add(fmt::format_string<Values...> format, Values&&... values) {
    fmt::format_to(std::back_inserter(text_), format, std::forward<Values>(values)...);
  }
  void life(std::string_view name, core::NodeId node, core::Life life) {
    add(R"(,["{}",{},{}])", name, std::to_underlying(node), std::to_underlying(life));
  }
  std::string& text_;
};

// Reads the members of an array one by one; once one is not as expected, none is.
class Reader {
 public:
  explicit Reader(const json::array& array) : array_(array) {}

  template <class Number>
  Number number() {
    const json::value* const value = next();
    boost::system::error_code error;
    const Number number = value && value->is_number() ? value->to_number<Number>(error) : Number{};
    good_ = good_ && value && value->is_number() && !error;
    return number;
  }
  std::string text() {
    const json::value* const value = next();
    good_ = good_ && value && value->is_string();
    return good_ ? std::string(value->get_string()) : std::string{};
  }
  bool truth() {
    const json::value* const value = next();
    good_ = good_ && value && value->is_bool();
    return good_ && value->get_bool();
  }
  template <class Enumeration>
  Enumeration enumerator(Enumeration last) {
    const auto value = number<std::uint64_t>();
    good_ = good_ && value <= static_cast<std::uint64_t>(last);
    return good_ ? static_cast<Enumeration>(value) : Enumeration{};
  }
  core::NodeId node() { return static_cast<core::NodeId>(number<std::uint32_t>()); }
  core::Life life() { return static_cast<core::Life>(number<std::uint64_t>()); }
  [[nodiscard]] bool at_end() const { return good_ && at_ == array_.size(); }

 private:
  const json::value* next() { return at_ < array_.size() ? &array_[at_++] : nullptr; }
  const json::array& array_;
  std::size_t at_ = 0;
  bool good_ = true;
};

std::optional<core::Event> event_of(const json::array& array, bool& specified) {
  Reader read(array);
  const std::string name = read.text();
  core::Event event;
  if (name == "started") {
    core::WorkerStarted started{};
    started.node = read.node();
    started.life = read.life();
    event = started;
  } else if (name == "start_failed") {
    core::WorkerStartFailed failed{};
    failed.node = read.node();
    failed.life = read.life();
    event = failed;
  } else if (name == "exited") {
    core::WorkerExited exited{};
    exited.node = read.node();
    exited.life = read.life();
    exited.ending = read.enumerator(core::Ending::abnormal);
    event = exited;
  } else if (name == "extended") {
    core::StopExtended extended{};
    extended.node = read.node();
    extended.life = read.life();
    extended.until = time_point(read.number<std::int64_t>());
    event = extended;
  } else if (name == "stop") {
    event = core::StopTree{};
  } else if (name == "hurry") {
    event = core::Hurry{};
  } else if (name == "request") {
    core::Request request;
    request.id = static_cast<core::RequestId>(read.number<std::uint64_t>());
    request.kind = read.enumerator(core::Request::Kind::start_child);
    request.supervisor = read.node();
    request.child = read.text();
    request.node = read.node();
    request.life = read.life();
    request.instance = read.number<std::uint32_t>();
    request.hold = read.truth();
    specified = read.truth();
    event = std::move(request);
  } else {
    return std::nullopt;
  }
  return read.at_end() ? std::optional(std::move(event)) : std::nullopt;
}

TapeLine head_of(const json::object& object) {
  const auto text = [&](std::string_view name) {
    const json::value* const value = object.if_contains(name);
    return value && value->is_string() ? std::string(value->get_string()) : std::string{};
  };
  const json::value* const version = object.if_contains("tape");
  const json::value* const seed = object.if_contains("seed");
  const json::value* const now = object.if_contains("now");
  if (!version || *version != 1 || !seed || !now || !seed->is_number() || !now->is_int64()) return {};
  boost::system::error_code error;
  TapeHead head{.seed = seed->to_number<std::uint64_t>(error),
                .configuration = text("configuration"),
                .version = text("version"),
                .time = text("time"),
                .now = now->get_int64()};
  if (error) return {};
  return head;
}

TapeLine run_of(const json::array& array) {
  if (!array.front().is_int64()) return {};
  TapeRun run{.now = time_point(array.front().get_int64()), .events = {}, .specified = {}};
  for (std::size_t n = 1; n < array.size(); ++n) {
    bool specified = false;
    auto event = array[n].is_array() ? event_of(array[n].get_array(), specified) : std::nullopt;
    if (!event) return {};
    run.events.push_back(*std::move(event));
    run.specified.push_back(specified);
  }
  return run;
}

}  // namespace

Tape::Tape(Write write, const TapeHead& head) : write_(std::move(write)) {
  lines_ = fmt::format(R"({{"tape":1,"seed":{},"configuration":)", head.seed);
  append_json_string(lines_, head.configuration);
  lines_ += R"(,"version":)";
  append_json_string(lines_, head.version);
  lines_ += R"(,"time":)";
  append_json_string(lines_, head.time);
  fmt::format_to(std::back_inserter(lines_), ",\"now\":{}}}\n", head.now);
}

void Tape::hold(std::string_view path, std::uint32_t instance, bool begins) {
  lines_ += begins ? R"(["hold",)" : R"(["let_go",)";
  append_json_string(lines_, path);
  fmt::format_to(std::back_inserter(lines_), ",{}]\n", instance);
}

void Tape::posted(const core::Event& event) {
  std::visit(Writer(events_), event);
}

void Tape::start() {
  starts_ = true;
}

void Tape::run(core::TimePoint now, bool due) {
  if (events_.empty() && !due && !std::exchange(starts_, false)) return;
  starts_ = false;
  fmt::format_to(std::back_inserter(lines_), "[{}{}]\n", nanoseconds(now), events_);
  events_.clear();
}

void Tape::flush() {
  if (lines_.empty()) return;
  write_(lines_);
  lines_.clear();
}

TapeLine parse_tape_line(std::string_view line) {
  boost::system::error_code error;
  const json::value value = json::parse(line, error);
  if (error) return {};
  if (value.is_object()) return head_of(value.get_object());
  if (!value.is_array() || value.get_array().empty()) return {};
  const json::array& array = value.get_array();
  if (!array.front().is_string()) return run_of(array);
  Reader read(array);
  const std::string name = read.text();
  TapeHold hold{.path = read.text(), .instance = read.number<std::uint32_t>(), .begins = name == "hold"};
  if (!read.at_end() || (name != "hold" && name != "let_go")) return {};
  return hold;
}

}  // namespace simplevisor::runtime::journal
