// supervisor/runtime/logs/line_time.hpp
//
// Points in time as they stand in logs and on command lines.
//
// Semantics  RFC 3339; for a space instead of "T", a "," before the fraction and no zone at all (local time) as well, which
//            is what many programs print.
// Threads    pure functions, but for the time zone of the process.
#pragma once

#include <chrono>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

namespace simplevisor::runtime::logs {

using LogTime = std::chrono::sys_time<std::chrono::milliseconds>;

// "2026-01-31T13:05:06.789Z"; always as long, so that times sort as texts do.
[[nodiscard]] std::string time_text(LogTime time);
inline constexpr std::size_t time_text_bytes = 24;

// The time at the very beginning of `text`, and how many characters it has.
struct LeadingTime {
  LogTime time{};
  std::size_t bytes = 0;
};
[[nodiscard]] std::optional<LeadingTime> leading_time(std::string_view text);

// What an administrator means by "since": a time that is all of `text`, or a duration before `now` ("10m", "2h").
[[nodiscard]] std::expected<LogTime, std::string> parse_since(std::string_view text, LogTime now);

}  // namespace simplevisor::runtime::logs
