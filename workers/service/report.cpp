#include "workers/service/report.hpp"

#include <unistd.h>

#include <algorithm>
#include <string>

namespace simplevisor::service {

namespace {

std::string& name() {
  static std::string text = "worker";
  return text;
}

}  // namespace

void report_as(std::string_view program) {
  name() = program;
}

void report_line(std::string_view line) noexcept {
  // Reasons come from handlers and files; a line must stay a line.
  std::string text = fmt::format("{}: {}", name(), line);
  std::ranges::replace_if(text, [](char c) { return static_cast<unsigned char>(c) < 0x20; }, ' ');
  text += '\n';
  [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, text.data(), text.size());
}

}  // namespace simplevisor::service
