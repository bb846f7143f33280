// supervisor/cli/pattern_search.hpp
//
// Searches lines for a regular expression, as `grep -E` does.
//
// Semantics  POSIX extended regular expressions (regex(7)). Not std::regex: it recurses for each character, and a long
//            line ends the program.
// Errors     an expression that makes no sense, in regcomp's words.
// Threads    matches() from any.
#pragma once

#include <expected>
#include <memory>
#include <string>
#include <string_view>

namespace simplevisor::cli {

class PatternSearch {
 public:
  static std::expected<PatternSearch, std::string> of(const std::string& expression);
  [[nodiscard]] bool matches(std::string_view text) const;

 private:
  struct Compiled;
  explicit PatternSearch(std::shared_ptr<const Compiled> compiled) : compiled_(std::move(compiled)) {}
  std::shared_ptr<const Compiled> compiled_;
};

}  // namespace simplevisor::cli
