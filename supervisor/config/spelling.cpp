// supervisor/config/spelling.cpp
#include "supervisor/config/spelling.hpp"

#include <algorithm>
#include <array>

namespace simplevisor::config {
namespace {

constexpr std::size_t word_bytes_max = 64;

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

// Optimal string alignment over three rows; both words have at most word_bytes_max bytes.
std::size_t distance(std::string_view a, std::string_view b) {
  std::array<std::array<std::size_t, word_bytes_max + 1>, 3> rows{};
  for (std::size_t j = 0; j <= b.size(); ++j) rows[0][j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    auto& row = rows[i % 3];
    const auto& above = rows[(i + 2) % 3];
    const auto& two_above = rows[(i + 1) % 3];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const bool same = lower(a[i - 1]) == lower(b[j - 1]);
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, above[j - 1] + (same ? 0 : 1)});
      const bool swapped =
          i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) && lower(a[i - 2]) == lower(b[j - 1]);
      if (swapped) row[j] = std::min(row[j], two_above[j - 2] + 1);
    }
  }
  return rows[a.size() % 3][b.size()];
}

}  // namespace

std::string_view Spelling::nearest(std::string_view word, std::span<const std::string_view> valid) {
  if (word.empty() || word.size() > word_bytes_max) return {};
  const std::size_t allowed = std::max<std::size_t>(1, word.size() / 3);
  std::string_view best;
  std::size_t best_distance = allowed + 1;
  for (const std::string_view candidate : valid) {
    if (candidate.size() > word_bytes_max || candidate.size() + allowed < word.size() ||
        word.size() + allowed < candidate.size()) {
      continue;
    }
    const std::size_t cost = word.size() * candidate.size();
    if (cost > budget_) return {};
    budget_ -= cost;
    if (const std::size_t d = distance(word, candidate); d < best_distance) {
      best = candidate;
      best_distance = d;
    }
  }
  return best;
}

}  // namespace simplevisor::config
