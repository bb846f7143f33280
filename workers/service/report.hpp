// workers/service/report.hpp
//
// One line on standard error, whole or not at all; what supervises us keeps it. Programs that nobody supervises may
// send their lines elsewhere.
//
// For people      "simplevisor-consumer: dead letter: ...".
// For programs    with SIMPLEVISOR_LOG_FORMAT=json in the environment, which simplevisor sets where it keeps a worker's
//                 log as JSON: an object with time (UTC), level, program, pid and message, and the facts of the report
//                 as members of their own. Facts only repeat what the sentence says, as data.
// Severity        debug: what was asked for with an option. info: what goes well. warning: what is tried again, was given
//                 back or set aside. error: why the program ends, or cannot do what it was told.
//
// Setting up before any thread: the name that each line begins with, where lines go, and which are left out.
// Threads         any: each line is one write.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace simplevisor::service {

enum class Severity : std::uint8_t { debug, info, warning, error };

struct Fact {
  std::string_view name;  // ours: plain ASCII
  std::variant<std::string_view, std::uint64_t> value;
};
using Facts = std::initializer_list<Fact>;

void report_as(std::string_view program);
// Instead of standard error, from now on.
void report_to_syslog();  // facility user
void report_to_nobody();
void report_to(int descriptor);  // appended to; stays the caller's
// What inform() and warn() say from now on is written when it matters as much as this.
void report_from(Severity least);
[[nodiscard]] bool is_reported(Severity severity) noexcept;

void report_line(Severity severity, Facts facts, std::string_view line) noexcept;

// As it can be shown: valid UTF-8 without control characters. Reasons come from brokers, handlers and files.
[[nodiscard]] std::string printable(std::string_view text);

template <class... Args>
void report(Facts facts, fmt::format_string<Args...> format, Args&&... args) {
  report_line(Severity::error, facts, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void report(fmt::format_string<Args...> format, Args&&... args) {
  report(Facts{}, format, std::forward<Args>(args)...);
}

template <class... Args>
void warn(Facts facts, fmt::format_string<Args...> format, Args&&... args) {
  if (is_reported(Severity::warning))
    report_line(Severity::warning, facts, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void warn(fmt::format_string<Args...> format, Args&&... args) {
  warn(Facts{}, format, std::forward<Args>(args)...);
}

template <class... Args>
void inform(Facts facts, fmt::format_string<Args...> format, Args&&... args) {
  if (is_reported(Severity::info))
    report_line(Severity::info, facts, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void inform(fmt::format_string<Args...> format, Args&&... args) {
  inform(Facts{}, format, std::forward<Args>(args)...);
}

// Whoever calls this has looked whether it is wanted.
template <class... Args>
void trace(Facts facts, fmt::format_string<Args...> format, Args&&... args) {
  report_line(Severity::debug, facts, fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace simplevisor::service
