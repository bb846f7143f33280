// supervisor/cli/nagios_range.hpp
//
// The ranges of -w and -c: which values of a figure raise an alert.
//
// Semantics  Monitoring Plugins Development Guidelines, "Threshold and Ranges": [@][START:][END]. Outside START..END raises
//            an alert, with @ inside does; both ends belong to the range. START is 0 when it is not given, ~ is minus
//            infinity; no END after the colon is infinity. Numbers are decimal: an exponent, hexadecimal digits or "inf" are
//            mistakes, not numbers.
// Errors     one line: which range and what is wrong with it.
// Threads    plain values.
#pragma once

#include <expected>
#include <string>
#include <string_view>

namespace simplevisor::cli {

class NagiosRange {
 public:
  static constexpr std::size_t text_bytes_max = 64;

  static std::expected<NagiosRange, std::string> parse(std::string_view text);

  [[nodiscard]] bool alerts(double value) const noexcept {
    const bool within = start_ <= value && value <= end_;
    return within == inside_;
  }
  // As it was given, for performance data.
  [[nodiscard]] const std::string& text() const noexcept { return text_; }

 private:
  NagiosRange(std::string text, double start, double end, bool inside)
      : text_(std::move(text)), start_(start), end_(end), inside_(inside) {}

  std::string text_;
  double start_;
  double end_;
  bool inside_;  // an alert inside the range, not outside
};

}  // namespace simplevisor::cli
