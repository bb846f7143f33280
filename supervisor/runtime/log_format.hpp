// supervisor/runtime/log_format.hpp
//
// How a message of the supervisor's log looks: see logging.hpp for the forms.
//
// Bounds     none of its own: output is at most six times as long as the message.
// Threads    one formatter a sink; spdlog clones it.
#pragma once

#include <spdlog/formatter.h>

#include <cstdint>
#include <memory>

namespace simplevisor::runtime {

enum class LogForm : std::uint8_t {
  text,       // time, level, message, end of line
  text_bare,  // the message: for syslog, which adds the rest
  json,       // an object, end of line
  json_bare,  // an object: for syslog
};

class LogFormat final : public spdlog::formatter {
 public:
  explicit LogFormat(LogForm form) : form_(form) {}

  void format(const spdlog::details::log_msg& message, spdlog::memory_buf_t& to) override;
  [[nodiscard]] std::unique_ptr<spdlog::formatter> clone() const override;

 private:
  LogForm form_;
};

}  // namespace simplevisor::runtime
