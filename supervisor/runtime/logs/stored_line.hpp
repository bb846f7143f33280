// supervisor/runtime/logs/stored_line.hpp
//
// A line of a worker's log and what it says of itself: written as it came ("raw"), with a time and a stream before it
// ("text"), or as an object ("json").
//
// Formats    text: `TIME STREAM TAG TEXT`, TAG is F for a whole line or the end of one, P for a part that goes on in the next
//            line of that stream (the log format of Kubernetes' CRI). json: {"time","stream","path","life"[,"partial":true],
//            then "message" or the members of what the worker wrote}. Our members come first and in this order: they
//            are found by their place, no parser is needed.
//            Anything else is taken as raw; a time that the worker itself wrote first is recognised.
// Threads    pure functions.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "supervisor/runtime/logs/line_time.hpp"

namespace simplevisor::runtime::logs {

enum class Stream : unsigned char { unknown, out, err };
[[nodiscard]] std::string_view name_of(Stream stream);  // "", "stdout", "stderr"

struct StoredLine {
  std::optional<LogTime> time{};
  Stream stream = Stream::unknown;
  bool partial = false;  // goes on in the next one of this stream
  std::string text;      // what the worker wrote, without the end of line
};

// `line` without its end of line.
[[nodiscard]] StoredLine parse_line(std::string_view line);

// Longer ones are shown in parts, or cut.
inline constexpr std::size_t line_bytes_shown_max = std::size_t{64} << 10;

}  // namespace simplevisor::runtime::logs
