// supervisor/runtime/log_format.cpp
#include "supervisor/runtime/log_format.hpp"

#include <fmt/format.h>
#include <time.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <string_view>

#include "supervisor/runtime/utf8.hpp"

namespace simplevisor::runtime {

namespace {

using Buffer = spdlog::memory_buf_t;

void append(Buffer& to, std::string_view text) {
  to.append(text.data(), text.data() + text.size());
}

std::string_view name_of(spdlog::level::level_enum level) {
  constexpr std::array<std::string_view, 7> names{"trace", "debug",    "info", "warn",
                                                  "error", "critical", "off"};
  return names[static_cast<std::size_t>(level)];
}

struct Moment {
  tm fields{};
  int milliseconds = 0;
};

Moment moment_of(std::chrono::system_clock::time_point time, bool local) {
  const auto since = time.time_since_epoch();
  const auto seconds = std::chrono::floor<std::chrono::seconds>(since);
  Moment moment;
  moment.milliseconds =
      static_cast<int>(std::chrono::floor<std::chrono::milliseconds>(since - seconds).count());
  const time_t whole = seconds.count();
  local ? ::localtime_r(&whole, &moment.fields) : ::gmtime_r(&whole, &moment.fields);
  return moment;
}

// Date and time with `between` in the middle.
void append_time(Buffer& to, const Moment& moment, char between) {
  const tm& at = moment.fields;
  fmt::format_to(std::back_inserter(to), "{:04}-{:02}-{:02}{}{:02}:{:02}:{:02}.{:03}", at.tm_year + 1900,
                 at.tm_mon + 1, at.tm_mday, between, at.tm_hour, at.tm_min, at.tm_sec, moment.milliseconds);
}

bool is_control(unsigned char c) {
  return c < 0x20 || c == 0x7f;
}

void append_one_line(Buffer& to, std::string_view text) {
  for (const char c : text) {
    if (!is_control(static_cast<unsigned char>(c))) {
      to.push_back(c);
    } else if (c == '\n') {
      append(to, "\\n");
    } else if (c == '\t') {
      append(to, "\\t");
    } else {
      fmt::format_to(std::back_inserter(to), "\\x{:02x}", static_cast<unsigned char>(c));
    }
  }
}

void append_json(Buffer& to, const spdlog::details::log_msg& message, std::string_view payload) {
  append(to, R"({"time":")");
  append_time(to, moment_of(message.time, false), 'T');
  fmt::format_to(std::back_inserter(to), R"(Z","level":"{}","message":)", name_of(message.level));
  append_json_string(to, payload);
  to.push_back('}');
}

}  // namespace

void LogFormat::format(const spdlog::details::log_msg& message, spdlog::memory_buf_t& to) {
  const std::string_view payload{message.payload.data(), message.payload.size()};
  switch (form_) {
    case LogForm::text:
      append_time(to, moment_of(message.time, true), ' ');
      fmt::format_to(std::back_inserter(to), " {:<5} ", name_of(message.level));
      append_one_line(to, payload);
      to.push_back('\n');
      break;
    case LogForm::text_bare:
      append_one_line(to, payload);
      break;
    case LogForm::json:
      append_json(to, message, payload);
      to.push_back('\n');
      break;
    case LogForm::json_bare:
      append_json(to, message, payload);
      break;
  }
}

std::unique_ptr<spdlog::formatter> LogFormat::clone() const {
  return std::make_unique<LogFormat>(form_);
}

}  // namespace simplevisor::runtime
