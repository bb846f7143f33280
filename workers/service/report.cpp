#include "workers/service/report.hpp"

#include <syslog.h>
#include <unistd.h>

#include <algorithm>
#include <string>

namespace simplevisor::service {

namespace {

std::string& name() {
  static std::string text = "worker";
  return text;
}

constexpr int nobody = -1;
constexpr int the_syslog = -2;
int destination = STDERR_FILENO;

// The length of the character that `text` begins with, if it is one in UTF-8, and no control character; else 0.
std::size_t character(std::string_view text) {
  const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(text[at]); };
  const unsigned char first = byte(0);
  if (first < 0x80) return first >= 0x20 && first != 0x7F ? 1 : 0;
  const std::size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || text.size() < length) return 0;
  for (std::size_t at = 1; at < length; ++at) {
    if ((byte(at) & 0xC0) != 0x80) return 0;
  }
  const unsigned char second = byte(1);
  const bool overlong = (first == 0xE0 && second < 0xA0) || (first == 0xF0 && second < 0x90);
  const bool no_character = (first == 0xED && second >= 0xA0) || (first == 0xF4 && second >= 0x90);
  const bool control = first == 0xC2 && second < 0xA0;
  return overlong || no_character || control ? 0 : length;
}

}  // namespace

std::string printable(std::string_view text) {
  std::string shown;
  shown.reserve(text.size());
  while (!text.empty()) {
    const std::size_t length = character(text);
    if (length > 0)
      shown.append(text, 0, length);
    else
      shown += static_cast<unsigned char>(text.front()) < 0x20 ? ' ' : '?';
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return shown;
}

void report_as(std::string_view program) {
  name() = program;
}

void report_to_syslog() {
  ::openlog(name().c_str(), LOG_PID, LOG_USER);
  destination = the_syslog;
}
void report_to_nobody() {
  destination = nobody;
}
void report_to(int descriptor) {
  destination = descriptor;
}

void report_line(std::string_view line) noexcept {
  if (destination == nobody) return;
  std::string text = fmt::format("{}: {}", name(), printable(line));  // a line must stay a line
  if (destination == the_syslog) return ::syslog(LOG_NOTICE, "%s", text.c_str() + name().size() + 2);
  text += '\n';
  [[maybe_unused]] const ssize_t written = ::write(destination, text.data(), text.size());
}

}  // namespace simplevisor::service
