#include "workers/service/report.hpp"

#include <syslog.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <ctime>
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
bool as_json = false;
Severity least = Severity::info;

struct Rank {
  std::string_view word;
  int priority;  // of syslog
};
constexpr std::array ranks{Rank{"debug", LOG_DEBUG}, Rank{"info", LOG_INFO}, Rank{"warning", LOG_WARNING},
                           Rank{"error", LOG_ERR}};

const Rank& rank_of(Severity severity) {
  return ranks.at(static_cast<std::size_t>(severity));
}

std::string now_text() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const auto microseconds = std::chrono::duration_cast<std::chrono::microseconds>(now).count();
  const std::time_t seconds = microseconds / 1'000'000;
  std::tm utc{};
  ::gmtime_r(&seconds, &utc);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:06}Z", utc.tm_year + 1900, utc.tm_mon + 1,
                     utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec, microseconds % 1'000'000);
}

void append_quoted(std::string& to, std::string_view text) {
  to += '"';
  for (const char c : printable(text)) {  // which leaves nothing else to escape
    if (c == '"' || c == '\\') to += '\\';
    to += c;
  }
  to += '"';
}

std::string json_of(Severity severity, Facts facts, std::string_view line) {
  std::string json =
      fmt::format(R"({{"time":"{}","level":"{}","program":)", now_text(), rank_of(severity).word);
  append_quoted(json, name());
  fmt::format_to(std::back_inserter(json), R"(,"pid":{},"message":)", ::getpid());
  append_quoted(json, line);
  for (const Fact& fact : facts) {
    fmt::format_to(std::back_inserter(json), ",\"{}\":", fact.name);
    if (const auto* text = std::get_if<std::string_view>(&fact.value))
      append_quoted(json, *text);
    else
      json += fmt::format_int(std::get<std::uint64_t>(fact.value)).str();
  }
  return json += '}';
}

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
  const char* const format =
      std::getenv("SIMPLEVISOR_LOG_FORMAT");  // NOLINT(concurrency-mt-unsafe): no thread yet
  as_json = format != nullptr && std::string_view{format} == "json";
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

void report_from(Severity severity) {
  least = severity;
}
bool is_reported(Severity severity) noexcept {
  return severity >= least;
}

void report_line(Severity severity, Facts facts, std::string_view line) noexcept {
  if (destination == nobody) return;
  const auto sentence = [&] { return printable(line); };  // a line must stay a line
  if (destination == the_syslog) {
    const std::string text = as_json ? json_of(severity, facts, line) : sentence();
    return ::syslog(rank_of(severity).priority, "%s", text.c_str());
  }
  std::string text = as_json ? json_of(severity, facts, line) : fmt::format("{}: {}", name(), sentence());
  text += '\n';
  [[maybe_unused]] const ssize_t written = ::write(destination, text.data(), text.size());
}

}  // namespace simplevisor::service
