#include "workers/service/units.hpp"

#include <charconv>
#include <cmath>
#include <span>
#include <utility>

namespace simplevisor::service {
namespace {

struct Unit {
  std::string_view name;
  double factor;
};

constexpr Unit durations[] = {{"", 1e3},   {"ms", 1.0},   {"s", 1e3},    {"min", 60e3},
                              {"m", 60e3}, {"h", 3600e3}, {"d", 86400e3}};
constexpr Unit sizes[] = {{"", 1.0},   {"B", 1.0},         {"kB", 1e3}, {"KiB", 1024.0},
                          {"MB", 1e6}, {"MiB", 1048576.0}, {"GB", 1e9}, {"GiB", 1073741824.0}};
// Far beyond any use, and far below where a duration or a size would overflow.
constexpr double value_max = 1e15;

std::optional<double> parse(std::string_view text, std::span<const Unit> units) {
  double number = 0;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
  if (error != std::errc{} || !std::isfinite(number) || number < 0) return std::nullopt;
  std::string_view unit = text.substr(static_cast<std::size_t>(end - text.data()));
  while (unit.starts_with(' ')) unit.remove_prefix(1);
  for (const Unit& known : units) {
    if (unit == known.name && number * known.factor <= value_max) return number * known.factor;
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::chrono::milliseconds> parse_duration(std::string_view text) {
  const auto value = parse(text, durations);
  if (!value) return std::nullopt;
  return std::chrono::milliseconds{std::llround(*value)};
}

std::optional<std::size_t> parse_size(std::string_view text) {
  const auto value = parse(text, sizes);
  if (!value) return std::nullopt;
  return static_cast<std::size_t>(*value);
}

}  // namespace simplevisor::service
