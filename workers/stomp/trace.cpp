#include "workers/stomp/trace.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <iterator>
#include <string>

namespace simplevisor::stomp {
namespace {

constexpr std::size_t shown_max = 1000;

void append_header(std::string& line, std::string_view name, std::string_view value) {
  if (line.size() > shown_max) return;
  const bool secret = name == "login" || name == "passcode";
  fmt::format_to(std::back_inserter(line), " {}:{}", name.substr(0, shown_max),
                 secret ? std::string_view{"***"} : value.substr(0, shown_max));
}

void tell(const Trace& trace, std::string_view where, char direction, std::string line,
          std::size_t body_bytes) {
  if (line.size() > shown_max) line.resize(shown_max);
  trace.tell(fmt::format("{} {} {}, {} bytes", where, direction, line, body_bytes));
}

std::string_view up_to(std::string_view text, char end) {
  return text.substr(0, std::min(text.find(end), text.size()));
}

}  // namespace

void trace_sent(std::string_view where, std::string_view frames, const Trace& trace) {
  while (!frames.empty()) {
    if (frames.front() == '\n') {  // a heart-beat
      frames.remove_prefix(1);
      continue;
    }
    const std::size_t end_of_head = std::min(frames.find("\n\n"), frames.size());
    std::string_view head = frames.substr(0, end_of_head);
    frames.remove_prefix(std::min(end_of_head + 2, frames.size()));
    std::size_t body_bytes = up_to(frames, '\0').size();
    std::string line{up_to(head, '\n')};
    head.remove_prefix(std::min(line.size() + 1, head.size()));
    while (!head.empty()) {
      const std::string_view field = up_to(head, '\n');
      head.remove_prefix(std::min(field.size() + 1, head.size()));
      const std::string_view name = up_to(field, ':');
      const std::string_view value = field.substr(std::min(name.size() + 1, field.size()));
      if (name == "content-length") std::from_chars(value.data(), value.data() + value.size(), body_bytes);
      if (trace.headers) append_header(line, name, value);
    }
    tell(trace, where, '>', std::move(line), body_bytes);
    frames.remove_prefix(std::min(body_bytes + 1, frames.size()));
  }
}

void trace_received(std::string_view where, const Frame& frame, const Trace& trace) {
  std::string line = frame.command;
  if (trace.headers) {
    for (const auto& [name, value] : frame.headers) append_header(line, name, value);
  }
  tell(trace, where, '<', std::move(line), frame.body_bytes);
}

}  // namespace simplevisor::stomp
