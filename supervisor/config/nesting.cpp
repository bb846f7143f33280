// supervisor/config/nesting.cpp
#include "supervisor/config/nesting.hpp"

#include <algorithm>
#include <vector>

namespace simplevisor::config {
namespace {

// The first character behind the string that begins at `begin`, or the end of the text.
std::size_t end_of_string(std::string_view text, std::size_t begin) {
  const char quote = text[begin];
  const std::string_view rest = text.substr(begin);
  const bool multi_line = rest.starts_with(R"(""")") || rest.starts_with("'''");
  std::size_t at = begin + (multi_line ? 3 : 1);
  while (at < text.size()) {
    if (text[at] == '\\' && quote == '"') {
      at += 2;
    } else if (!multi_line && (text[at] == quote || text[at] == '\n')) {
      return at + (text[at] == quote ? 1 : 0);
    } else if (multi_line && text.substr(at, 3) == rest.substr(0, 3)) {
      return at + 3;
    } else {
      ++at;
    }
  }
  return text.size();
}

TextPlace place_of(std::string_view text, std::size_t at) {
  const std::string_view before = text.substr(0, at);
  const std::size_t line_break = before.rfind('\n');
  const std::size_t line_begin = line_break == std::string_view::npos ? 0 : line_break + 1;
  return {static_cast<std::uint32_t>(std::ranges::count(before, '\n') + 1),
          static_cast<std::uint32_t>(at - line_begin + 1)};
}

}  // namespace

std::optional<TextPlace> too_deep(std::string_view text) {
  std::vector<std::size_t> outside;  // of each open bracket: how deep it stands
  std::size_t depth = 0;
  std::size_t at = 0;
  while (at < text.size()) {
    switch (text[at]) {
      case '#':
        at = std::min(text.find('\n', at), text.size());
        continue;
      case '"':
      case '\'':
        at = end_of_string(text, at);
        continue;
      case '.':
        ++depth;
        break;
      case '[':
      case '{':
        outside.push_back(depth++);
        break;
      case ']':
      case '}':
        if (!outside.empty()) {
          depth = outside.back();
          outside.pop_back();
        }
        break;
      case ',':
      case '\n':
        depth = outside.empty() ? 0 : outside.back() + 1;
        break;
      default:
        break;
    }
    if (depth > nesting_max) return place_of(text, at);
    ++at;
  }
  return std::nullopt;
}

}  // namespace simplevisor::config
