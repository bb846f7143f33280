#include "supervisor/runtime/pattern.hpp"

namespace simplevisor::runtime {
namespace {

// One character of a path against a class like "[a-z]" or "[!0-9]" that starts at pattern[0]; the length of the
// class is put into `length`. A bracket that is never closed stands for itself.
bool class_matches(std::string_view pattern, char c, std::size_t& length) {
  std::size_t at = 1;
  const bool negated = at < pattern.size() && (pattern[at] == '!' || pattern[at] == '^');
  if (negated) ++at;
  bool found = false;
  for (bool first = true; at < pattern.size() && (first || pattern[at] != ']'); first = false) {
    const char low = pattern[at++];
    char high = low;
    if (at + 1 < pattern.size() && pattern[at] == '-' && pattern[at + 1] != ']') {
      high = pattern[at + 1];
      at += 2;
    }
    found = found || (low <= c && c <= high);
  }
  if (at >= pattern.size()) {
    length = 1;
    return c == '[';
  }
  length = at + 1;
  return found != negated && c != '/';
}

}  // namespace

bool is_glob(std::string_view pattern) {
  return pattern.find_first_of("*?[") != pattern.npos;
}

// Backtracks to the latest star only, and to the latest double star when that does not help: no pattern takes
// longer than |pattern| * |path|^2.
bool glob_matches(std::string_view pattern, std::string_view path) {
  std::size_t p = 0;
  std::size_t s = 0;
  std::size_t star = pattern.npos, star_at = 0;    // after the latest "*", and how far it has eaten
  std::size_t stars = pattern.npos, stars_at = 0;  // the same of "**"
  for (;;) {
    if (p < pattern.size() && pattern[p] == '*') {
      if (p + 1 < pattern.size() && pattern[p + 1] == '*') {
        p += 2;
        stars = p, stars_at = s;
        star = pattern.npos;
      } else {
        star = ++p, star_at = s;
      }
      continue;
    }
    if (s == path.size() && p == pattern.size()) return true;
    if (s < path.size() && p < pattern.size()) {
      std::size_t length = 1;
      const char wanted = pattern[p];
      const bool fits = wanted == '?'   ? path[s] != '/'
                        : wanted == '[' ? class_matches(pattern.substr(p), path[s], length)
                                        : wanted == path[s];
      if (fits) {
        p += length;
        ++s;
        continue;
      }
    }
    if (star != pattern.npos && star_at < path.size() && path[star_at] != '/') {
      p = star;
      s = ++star_at;
    } else if (stars != pattern.npos && stars_at < path.size()) {
      p = stars;
      s = ++stars_at;
      star = pattern.npos;
    } else {
      return false;
    }
  }
}

bool ends_in(std::string_view path, std::string_view pattern) {
  if (!path.ends_with(pattern)) return false;
  return path.size() == pattern.size() || path[path.size() - pattern.size() - 1] == '/';
}

}  // namespace simplevisor::runtime
