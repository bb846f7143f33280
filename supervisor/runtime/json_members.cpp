#include "supervisor/runtime/json_members.hpp"

#include <algorithm>
#include <array>

#include "supervisor/runtime/utf8.hpp"

namespace simplevisor::runtime {
namespace {

constexpr std::array<std::string_view, 5> ours{"time", "stream", "path", "life", "partial"};

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_hexadecimal(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

// Steps over JSON. Every function returns false at what is none, and leaves the rest where it is of no more use.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : rest_(text) {}

  void space() {
    while (!rest_.empty() && (rest_.front() == ' ' || rest_.front() == '\t' || rest_.front() == '\r'))
      rest_.remove_prefix(1);
  }
  bool one(char c) {
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }
  bool string() {
    if (!one('"')) return false;
    for (;;) {
      rest_.remove_prefix(plain_json_bytes(rest_));
      if (rest_.empty()) return false;
      const char c = rest_.front();
      if (c == '"') return one('"');
      if (static_cast<unsigned char>(c) < 0x20) return false;
      if (c == '\\') {
        if (!escape()) return false;
        continue;
      }
      const std::size_t bytes = utf8_character(rest_);
      if (bytes == 0) return false;
      rest_.remove_prefix(bytes);
    }
  }
  bool value(std::size_t depth) {
    if (depth > json_depth_max || rest_.empty()) return false;
    switch (rest_.front()) {
      case '{':
        return list('{', '}', [&] { return name() && value(depth + 1); });
      case '[':
        return list('[', ']', [&] { return value(depth + 1); });
      case '"':
        return string();
      case 't':
        return word("true");
      case 'f':
        return word("false");
      case 'n':
        return word("null");
      default:
        return number();
    }
  }
  // `"name" :`, the space after it included.
  bool name() {
    if (!string()) return false;
    space();
    if (!one(':')) return false;
    space();
    return true;
  }
  // What stands between two brackets, separated by commas. Space around each is stepped over.
  template <class Item>
  bool list(char open, char close, Item item) {
    if (!one(open)) return false;
    space();
    if (one(close)) return true;
    for (;;) {
      if (!item()) return false;
      space();
      if (one(close)) return true;
      if (!one(',')) return false;
      space();
    }
  }
  [[nodiscard]] bool at_end() const { return rest_.empty(); }
  [[nodiscard]] const char* place() const { return rest_.data(); }

 private:
  bool escape() {
    if (rest_.size() < 2) return false;
    if (rest_[1] == 'u') {
      if (rest_.size() < 6 || !std::ranges::all_of(rest_.substr(2, 4), is_hexadecimal)) return false;
      rest_.remove_prefix(6);
      return true;
    }
    if (!std::string_view{"\"\\/bfnrt"}.contains(rest_[1])) return false;
    rest_.remove_prefix(2);
    return true;
  }
  bool word(std::string_view wanted) {
    if (!rest_.starts_with(wanted)) return false;
    rest_.remove_prefix(wanted.size());
    return true;
  }
  bool digits() {
    if (rest_.empty() || !is_digit(rest_.front())) return false;
    while (!rest_.empty() && is_digit(rest_.front())) rest_.remove_prefix(1);
    return true;
  }
  bool number() {
    one('-');
    if (!one('0') && !digits()) return false;
    if (one('.') && !digits()) return false;
    if (one('e') || one('E')) {
      if (!one('+')) one('-');
      return digits();
    }
    return true;
  }

  std::string_view rest_;
};

}  // namespace

bool append_members(std::string& to, std::string_view text) {
  // Most lines are no objects, and end here.
  if (!text.starts_with('{')) return false;
  const std::size_t before = to.size();
  Scanner scanner{text};
  const bool whole = scanner.list('{', '}', [&] {
    const char* const begin = scanner.place();
    if (!scanner.string()) return false;
    const std::string_view name{begin + 1, scanner.place() - 1};
    scanner.space();
    if (!scanner.one(':')) return false;
    scanner.space();
    const char* const value = scanner.place();
    if (!scanner.value(1)) return false;
    to += std::ranges::find(ours, name) == ours.end() ? ",\"" : ",\"worker_";
    to += name;
    to += "\":";
    to += std::string_view{value, scanner.place()};
    return true;
  });
  scanner.space();
  if (whole && scanner.at_end()) return true;
  to.resize(before);
  return false;
}

}  // namespace simplevisor::runtime
