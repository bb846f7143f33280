#include "workers/sarra/time.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

namespace simplevisor::sarra {
namespace {

using namespace std::chrono;

constexpr std::size_t date_digits = 8;
constexpr std::size_t time_digits = 6;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// Requires digits only.
int number(std::string_view digits) {
  int value = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return value;
}

// ".25", ".23977661e-05"; nothing: it is no fraction.
std::optional<nanoseconds> parse_fraction(std::string_view text) {
  if (text.empty()) return nanoseconds{0};
  if (text.front() != '.' || text.size() > 40 || (text.size() > 1 && !is_digit(text[1]))) return std::nullopt;
  if (text.size() == 1) return nanoseconds{0};
  double seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (end != text.data() + text.size() || (error != std::errc{} && error != std::errc::result_out_of_range)) {
    return std::nullopt;
  }
  if (!(seconds >= 0 && seconds < 1)) return nanoseconds{0};
  return nanoseconds{std::min<std::int64_t>(std::llround(seconds * 1e9), 999'999'999)};
}

}  // namespace

std::optional<Time> parse_time(std::string_view text) {
  if (text.size() < date_digits + time_digits) return std::nullopt;
  const std::string_view date = text.substr(0, date_digits);
  text.remove_prefix(date_digits);
  if (text.front() == 'T') text.remove_prefix(1);
  if (text.size() < time_digits) return std::nullopt;
  const std::string_view time = text.substr(0, time_digits);
  if (!std::ranges::all_of(date, is_digit) || !std::ranges::all_of(time, is_digit)) return std::nullopt;
  const auto fraction = parse_fraction(text.substr(time_digits));
  const year_month_day day{year{number(date.substr(0, 4))},
                           month{static_cast<unsigned>(number(date.substr(4, 2)))},
                           std::chrono::day{static_cast<unsigned>(number(date.substr(6, 2)))}};
  const int hour = number(time.substr(0, 2));
  const int minute = number(time.substr(2, 2));
  const int second = number(time.substr(4, 2));
  if (!fraction || !day.ok() || day.year() < year{1970} || day.year() > year{2261} || hour > 23 ||
      minute > 59 || second > 60) {
    return std::nullopt;
  }
  return Time{sys_days{day}} + hours{hour} + minutes{minute} + seconds{second} + *fraction;
}

std::string format_time(Time time) {
  const auto whole = floor<seconds>(time);
  const auto today = floor<days>(whole);
  const year_month_day day{today};
  const hh_mm_ss clock{whole - today};
  std::string text = fmt::format("{:04}{:02}{:02}T{:02}{:02}{:02}", static_cast<int>(day.year()),
                                 static_cast<unsigned>(day.month()), static_cast<unsigned>(day.day()),
                                 clock.hours().count(), clock.minutes().count(), clock.seconds().count());
  if (const auto fraction = (time - whole).count(); fraction != 0) text += fmt::format(".{:09}", fraction);
  return text;
}

std::string with_t(std::string_view text) {
  std::string with{text};
  if (with.size() > date_digits && is_digit(with[date_digits])) with.insert(date_digits, 1, 'T');
  return with;
}

std::string without_t(std::string_view text) {
  std::string without{text};
  if (without.size() > date_digits && without[date_digits] == 'T') without.erase(date_digits, 1);
  return without;
}

}  // namespace simplevisor::sarra
