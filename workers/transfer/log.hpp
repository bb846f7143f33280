// workers/transfer/log.hpp
//
// What is reported, by how much it matters: `loglevel` says from where on.
//
// Levels     info: what goes well (connected, leaving with its figures). warning: what is tried again, was given back or set
//            aside. error: why the agent ends, or cannot do what it was told; service::report() itself, always.
// Setting up before any thread.
// Threads    any: each line is one write.
#pragma once

#include <cstdint>
#include <utility>

#include "workers/service/report.hpp"

namespace simplevisor::transfer {

enum class LogLevel : std::uint8_t { info, warning, error };

inline LogLevel log_level = LogLevel::info;

template <class... Args>
void inform(fmt::format_string<Args...> format, Args&&... args) {
  if (log_level == LogLevel::info) service::report(format, std::forward<Args>(args)...);
}

template <class... Args>
void warn(fmt::format_string<Args...> format, Args&&... args) {
  if (log_level != LogLevel::error) service::report(format, std::forward<Args>(args)...);
}

}  // namespace simplevisor::transfer
