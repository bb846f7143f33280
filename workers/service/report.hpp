// workers/service/report.hpp
//
// One line for people on standard error, whole or not at all; what supervises us keeps it. Programs that nobody
// supervises may send their lines elsewhere.
//
// Setting up before any thread: the name that each line begins with, and where lines go.
// Threads    any: each line is one write.
#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>
#include <utility>

namespace simplevisor::service {

void report_as(std::string_view program);
// Instead of standard error, from now on.
void report_to_syslog();  // facility user
void report_to_nobody();
void report_to(int descriptor);  // appended to; stays the caller's
void report_line(std::string_view line) noexcept;

// As it can be shown: valid UTF-8 without control characters. Reasons come from brokers, handlers and files.
[[nodiscard]] std::string printable(std::string_view text);

template <class... Args>
void report(fmt::format_string<Args...> format, Args&&... args) {
  report_line(fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace simplevisor::service
