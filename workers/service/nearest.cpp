#include "workers/service/nearest.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <utility>
#include <vector>

namespace simplevisor::service {
namespace {

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i + 1);
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, diagonal + 1, row[j] + 1});
    }
  }
  return row.back();
}

}  // namespace

std::string did_you_mean(std::string_view given, std::span<const std::string_view> known) {
  given = given.substr(0, 64);
  std::string_view nearest;
  std::size_t least = SIZE_MAX;
  for (const std::string_view name : known) {
    const std::size_t distance = edit_distance(given, name);
    if (distance < least) std::tie(least, nearest) = std::pair{distance, name};
  }
  if (nearest.empty() || least > std::max<std::size_t>(2, nearest.size() / 3)) return "";
  return fmt::format(" (did you mean \"{}\"?)", nearest);
}

}  // namespace simplevisor::service
