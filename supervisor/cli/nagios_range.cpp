#include "supervisor/cli/nagios_range.hpp"

#include <fmt/format.h>

#include <charconv>
#include <limits>
#include <optional>

#include "supervisor/control/text.hpp"

namespace simplevisor::cli {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

std::optional<double> number(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  const std::string_view digits = text.starts_with('-') ? text.substr(1) : text;
  if (digits.empty() || digits.find_first_not_of("0123456789.") != std::string_view::npos) return {};
  double value = 0;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
  if (error != std::errc{} || end != text.data() + text.size()) return {};
  return value;
}

}  // namespace

std::expected<NagiosRange, std::string> NagiosRange::parse(std::string_view text) {
  const auto wrong = [&](std::string_view what) {
    const bool printable = text.size() <= text_bytes_max && control::is_utf8(text) &&
                           text.find_first_of(std::string_view("\0\n\r\t|", 5)) == std::string_view::npos;
    return std::unexpected(printable ? fmt::format("the range \"{}\" {}", text, what)
                                     : fmt::format("the range {}", what));
  };
  if (text.size() > text_bytes_max) return wrong(fmt::format("has more than {} bytes", text_bytes_max));
  const bool inside = text.starts_with('@');
  const std::string_view rest = inside ? text.substr(1) : text;
  const std::size_t colon = rest.find(':');
  const bool has_start = colon != std::string_view::npos;
  const std::string_view from = has_start ? rest.substr(0, colon) : std::string_view{};
  const std::string_view to = has_start ? rest.substr(colon + 1) : rest;
  if (from.empty() && to.empty())
    return wrong("has no number in it; a range looks like 10, 10:, ~:10, 10:20 or @10:20");
  double start = 0;
  if (from == "~") {
    start = -infinity;
  } else if (!from.empty()) {
    const auto value = number(from);
    if (!value) return wrong("does not begin with a number or ~");
    start = *value;
  }
  double end = infinity;
  if (!to.empty()) {
    const auto value = number(to);
    if (!value) return wrong("does not end in a number");
    end = *value;
  }
  if (start > end) return wrong("ends before it begins");
  return NagiosRange(std::string(text), start, end, inside);
}

}  // namespace simplevisor::cli
