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

}  // namespace

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
  // Reasons come from handlers and files; a line must stay a line.
  std::string text = fmt::format("{}: {}", name(), line);
  std::ranges::replace_if(text, [](char c) { return static_cast<unsigned char>(c) < 0x20; }, ' ');
  if (destination == the_syslog) return ::syslog(LOG_NOTICE, "%s", text.c_str() + name().size() + 2);
  text += '\n';
  [[maybe_unused]] const ssize_t written = ::write(destination, text.data(), text.size());
}

}  // namespace simplevisor::service
