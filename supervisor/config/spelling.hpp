// supervisor/config/spelling.hpp
//
// Finds the valid spelling that was probably meant.
//
// Measure    edit distance with insertions, deletions, replacements and swaps of neighbours, case ignored; at
//            most a third of the length may differ. Of equally near ones the first counts.
// Bounds     `Spelling` carries a budget of compared characters, so that 10,000 misspelt names among 10,000
//            cost a fraction of a second; when it is used up nothing is suggested any more.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace simplevisor::config {

class Spelling {
 public:
  // "" when none is near enough. The view is one of `valid`.
  [[nodiscard]] std::string_view nearest(std::string_view word, std::span<const std::string_view> valid);

 private:
  std::size_t budget_ = 10'000'000;
};

}  // namespace simplevisor::config
