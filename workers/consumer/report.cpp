#include "workers/consumer/report.hpp"

#include <unistd.h>

#include <algorithm>
#include <string>

namespace simplevisor::consumer {

void report_line(std::string_view line) noexcept {
  // Reasons come from handlers and files; a line must stay a line.
  std::string text = fmt::format("simplevisor-consumer: {}", line);
  std::ranges::replace_if(text, [](char c) { return static_cast<unsigned char>(c) < 0x20; }, ' ');
  text += '\n';
  [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, text.data(), text.size());
}

}  // namespace simplevisor::consumer
