// supervisor/runtime/journal/event_json.hpp
//
// Events and histories as lines of JSON, and back.
//
// Form       {"id":7,"time":"2026-01-31T13:05:06.789012Z","kind":"ended","path":"root/a","pid":12,"life":3,
//            "cause":"failed","status":3,"lived_ms":1500,"text":"exited with status 3"}; what does not apply is left
//            out; decisions carry "rule". Bytes that are not UTF-8 become U+FFFD.
//            The head of a file begins with {"after":7}: the events in it come after that one.
//            A history: {"history":"root/a","total":300,"ends":[[TIME in us,LIVED in ms,CAUSE,STATUS,BY SIGNAL,ACTION],...]}
// Errors     reading: nothing, for a line that is neither. Members that are not known are passed over.
// Threads    pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "supervisor/runtime/journal/event.hpp"
#include "supervisor/runtime/journal/history.hpp"

namespace simplevisor::runtime::journal {

struct After {
  EventId id = 0;
};

[[nodiscard]] std::string in_text(Time time);  // "2026-01-31T13:05:06.789012Z"

// Without the end of line.
[[nodiscard]] std::string to_json(const Event& event);
[[nodiscard]] std::string to_json(After after);
[[nodiscard]] std::string to_json(const std::string& path, const History& history);

using Line = std::variant<std::monostate, After, Event, std::pair<std::string, History>>;
[[nodiscard]] Line parse_line(std::string_view line);

}  // namespace simplevisor::runtime::journal
