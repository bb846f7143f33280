// workers/service/report.hpp
//
// One line for people on standard error, whole or not at all; what supervises us keeps it.
//
// Name       what each line begins with; set once, before the first line.
// Threads    any: each line is one write.
#pragma once

#include <fmt/format.h>

#include <string_view>
#include <utility>

namespace simplevisor::service {

void report_as(std::string_view program);
void report_line(std::string_view line) noexcept;

template <class... Args>
void report(fmt::format_string<Args...> format, Args&&... args) {
  report_line(fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace simplevisor::service
