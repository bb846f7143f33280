// supervisor/config/units.cpp
#include "supervisor/config/units.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <limits>

namespace simplevisor::config {
namespace {

struct Unit {
  std::string_view name;
  std::uint64_t factor;
};

// From long to short. "min" comes before "m", so that the shorter name is what duration_text() writes last.
constexpr std::array<Unit, 6> durations{
    {{"d", 86'400'000}, {"h", 3'600'000}, {"min", 60'000}, {"m", 60'000}, {"s", 1'000}, {"ms", 1}}};

constexpr std::array<Unit, 9> sizes{{{"B", 1},
                                     {"kB", 1'000},
                                     {"KiB", 1ull << 10},
                                     {"MB", 1'000'000},
                                     {"MiB", 1ull << 20},
                                     {"GB", 1'000'000'000},
                                     {"GiB", 1ull << 30},
                                     {"TB", 1'000'000'000'000},
                                     {"TiB", 1ull << 40}}};

constexpr std::uint64_t duration_max =
    std::numeric_limits<std::int64_t>::max() / 1'000'000;  // also as nanoseconds

template <std::size_t N>
const Unit* find(const std::array<Unit, N>& units, std::string_view name) {
  for (const Unit& unit : units) {
    if (unit.name == name) return &unit;
  }
  return nullptr;
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

// A number and the letters behind it, taken off the front of `text`.
struct Part {
  std::uint64_t number = 0;
  std::string_view unit;
};

std::expected<Part, std::string> take_part(std::string_view& text, std::string_view whole,
                                           std::string_view what) {
  std::size_t digits = 0;
  while (digits < text.size() && is_digit(text[digits])) ++digits;
  std::size_t end = digits;
  while (end < text.size() && is_letter(text[end])) ++end;
  if (digits == 0) return std::unexpected(fmt::format("\"{}\" is not a {}", whole, what));
  Part part{0, text.substr(digits, end - digits)};
  if (std::from_chars(text.data(), text.data() + digits, part.number).ec != std::errc{}) {
    return std::unexpected(fmt::format("\"{}\" is too large", whole));
  }
  text.remove_prefix(end);
  return part;
}

}  // namespace

std::expected<std::chrono::milliseconds, std::string> parse_duration(std::string_view text) {
  using std::chrono::milliseconds;
  if (text == "0") return milliseconds{0};
  std::string_view rest = text;
  std::uint64_t total = 0;
  std::uint64_t last_factor = std::numeric_limits<std::uint64_t>::max();
  do {
    const auto part = take_part(rest, text, "duration (such as \"250ms\", \"20s\", \"5min\", \"1h30m\")");
    if (!part) return std::unexpected(part.error());
    if (part->unit.empty()) {
      return std::unexpected(fmt::format("\"{}\" needs a unit: d, h, min (or m), s or ms", text));
    }
    const Unit* unit = find(durations, part->unit);
    if (unit == nullptr) {
      return std::unexpected(
          fmt::format("\"{}\": \"{}\" is not a unit of time: d, h, min (or m), s, ms", text, part->unit));
    }
    if (unit->factor >= last_factor) {
      return std::unexpected(fmt::format("\"{}\": units go from long to short, each once", text));
    }
    last_factor = unit->factor;
    if (part->number > (duration_max - total) / unit->factor) {
      return std::unexpected(fmt::format("\"{}\" is too large", text));
    }
    total += part->number * unit->factor;
  } while (!rest.empty());
  return milliseconds{static_cast<std::int64_t>(total)};
}

std::expected<std::uint64_t, std::string> parse_size(std::string_view text) {
  if (text == "0") return 0;
  std::string_view rest = text;
  constexpr std::string_view what = "size (such as \"512B\", \"64kB\", \"10MiB\", \"1GiB\")";
  const auto part = take_part(rest, text, what);
  if (!part) return std::unexpected(part.error());
  if (!rest.empty()) return std::unexpected(fmt::format("\"{}\" is not a {}", text, what));
  if (part->unit.empty())
    return std::unexpected(fmt::format("\"{}\" needs a unit: B, kB, KiB, MB, MiB, ...", text));
  const Unit* unit = find(sizes, part->unit);
  if (unit == nullptr) {
    return std::unexpected(fmt::format(
        "\"{}\": \"{}\" is not a unit of size: B, kB, KiB, MB, MiB, GB, GiB, TB, TiB", text, part->unit));
  }
  if (part->number > std::numeric_limits<std::uint64_t>::max() / unit->factor) {
    return std::unexpected(fmt::format("\"{}\" is too large", text));
  }
  return part->number * unit->factor;
}

std::string duration_text(std::chrono::milliseconds value) {
  auto rest = static_cast<std::uint64_t>(value.count());
  if (rest == 0) return "0";
  std::string text;
  for (const Unit& unit : durations) {
    if (rest < unit.factor) continue;
    text += fmt::format("{}{}", rest / unit.factor, unit.name);
    rest %= unit.factor;
  }
  return text;
}

std::string size_text(std::uint64_t bytes) {
  if (bytes == 0) return "0";
  const Unit* best = sizes.data();
  for (const Unit& unit : sizes) {
    if (bytes % unit.factor == 0) best = &unit;
  }
  return fmt::format("{}{}", bytes / best->factor, best->name);
}

}  // namespace simplevisor::config
