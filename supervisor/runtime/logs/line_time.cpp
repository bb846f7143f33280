#include "supervisor/runtime/logs/line_time.hpp"

#include <fmt/format.h>
#include <time.h>

#include "supervisor/config/units.hpp"

namespace simplevisor::runtime::logs {
namespace {

using std::chrono::milliseconds;

// Takes digits and marks off the front of a text.
class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text), bytes_(text.size()) {}

  bool number(std::size_t digits, int& value) {
    if (rest_.size() < digits) return false;
    value = 0;
    for (std::size_t n = 0; n < digits; ++n) {
      if (rest_[n] < '0' || rest_[n] > '9') return false;
      value = value * 10 + (rest_[n] - '0');
    }
    rest_.remove_prefix(digits);
    return true;
  }
  bool one_of(std::string_view marks) {
    if (rest_.empty() || !marks.contains(rest_.front())) return false;
    last_ = rest_.front();
    rest_.remove_prefix(1);
    return true;
  }
  // Of a second, in milliseconds; further digits are passed over.
  int fraction() {
    int value = 0;
    int weight = 100;
    while (!rest_.empty() && rest_.front() >= '0' && rest_.front() <= '9') {
      value += weight * (rest_.front() - '0');
      weight /= 10;
      rest_.remove_prefix(1);
    }
    return value;
  }
  [[nodiscard]] bool at_digit() const {
    return !rest_.empty() && rest_.front() >= '0' && rest_.front() <= '9';
  }
  [[nodiscard]] std::string_view rest() const { return rest_; }
  [[nodiscard]] char last() const { return last_; }
  [[nodiscard]] std::size_t taken() const { return bytes_ - rest_.size(); }

 private:
  std::string_view rest_;
  std::size_t bytes_;
  char last_ = 0;
};

struct Clock {
  int hour = 0, minute = 0, second = 0, millisecond = 0;
};

bool read_clock(Reader& reader, Clock& clock) {
  if (!reader.number(2, clock.hour) || !reader.one_of(":") || !reader.number(2, clock.minute) ||
      !reader.one_of(":") || !reader.number(2, clock.second))
    return false;
  if (clock.hour > 23 || clock.minute > 59 || clock.second > 60) return false;
  Reader ahead = reader;
  if (ahead.one_of(".,") && ahead.at_digit()) {
    clock.millisecond = ahead.fraction();
    reader = ahead;
  }
  return true;
}

// "Z" or "+01:00" as an offset to UTC; none when there is no zone.
std::optional<std::chrono::minutes> read_zone(Reader& reader) {
  if (reader.one_of("Zz")) return std::chrono::minutes{0};
  Reader ahead = reader;
  int hours = 0;
  int minutes = 0;
  if (!ahead.one_of("+-")) return std::nullopt;
  const int sign = ahead.last() == '-' ? -1 : 1;
  if (!ahead.number(2, hours)) return std::nullopt;
  Reader after_colon = ahead;
  if (after_colon.one_of(":")) ahead = after_colon;
  if (!ahead.number(2, minutes) || hours > 23 || minutes > 59) return std::nullopt;
  reader = ahead;
  return std::chrono::minutes{sign * (hours * 60 + minutes)};
}

LogTime local_time(std::chrono::year_month_day day, const Clock& clock) {
  tm fields{};
  fields.tm_year = static_cast<int>(day.year()) - 1900;
  fields.tm_mon = static_cast<int>(static_cast<unsigned>(day.month())) - 1;
  fields.tm_mday = static_cast<int>(static_cast<unsigned>(day.day()));
  fields.tm_hour = clock.hour;
  fields.tm_min = clock.minute;
  fields.tm_sec = clock.second;
  fields.tm_isdst = -1;
  return LogTime{std::chrono::seconds{::mktime(&fields)} + milliseconds{clock.millisecond}};
}

}  // namespace

std::string time_text(LogTime time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date{day};
  const auto ms = (time - day).count();
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), ms / 3'600'000,
                     ms / 60'000 % 60, ms / 1000 % 60, ms % 1000);
}

std::optional<LeadingTime> leading_time(std::string_view text) {
  Reader reader{text};
  int year = 0;
  int month = 0;
  int day = 0;
  if (!reader.number(4, year) || !reader.one_of("-") || !reader.number(2, month) || !reader.one_of("-") ||
      !reader.number(2, day) || !reader.one_of("Tt "))
    return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year{year},
                                         std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  Clock clock;
  if (!date.ok() || !read_clock(reader, clock)) return std::nullopt;
  const auto zone = read_zone(reader);
  if (!zone) return LeadingTime{local_time(date, clock), reader.taken()};
  const LogTime time{std::chrono::sys_days{date}.time_since_epoch() + std::chrono::hours{clock.hour} +
                     std::chrono::minutes{clock.minute} + std::chrono::seconds{clock.second} +
                     milliseconds{clock.millisecond} - *zone};
  return LeadingTime{time, reader.taken()};
}

std::expected<LogTime, std::string> parse_since(std::string_view text, LogTime now) {
  if (const auto time = leading_time(text); time && time->bytes == text.size()) return time->time;
  if (const auto ago = config::parse_duration(text)) return now - *ago;
  return std::unexpected("neither a duration (\"10m\", \"2h\") nor a time (\"2026-01-31T13:05:06Z\")");
}

}  // namespace simplevisor::runtime::logs
