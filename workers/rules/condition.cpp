#include "workers/rules/condition.hpp"

#include <fmt/format.h>
#include <re2/re2.h>

#include <charconv>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "workers/service/units.hpp"

namespace simplevisor::rules {
namespace {

using message::Message;
using Parsed = std::expected<Condition, std::string>;

constexpr std::size_t text_bytes_max = 64 << 10;
constexpr int nesting_max = 64;

bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
         c == '.';
}

std::optional<double> number_in(std::string_view text) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

// Nothing: no such comparison.
std::function<bool(double, double)> comparison(std::string_view sign) {
  if (sign == "<") return std::less<>{};
  if (sign == "<=") return std::less_equal<>{};
  if (sign == ">") return std::greater<>{};
  if (sign == ">=") return std::greater_equal<>{};
  if (sign == "=") return std::equal_to<>{};
  if (sign == "!=") return std::not_equal_to<>{};
  return nullptr;
}

class Parser {
 public:
  explicit Parser(std::string_view text) : text_{text}, rest_{text} {}

  Parsed whole() {
    if (text_.size() > text_bytes_max) return fault("longer than 64 KiB");
    auto condition = any(0);
    if (condition && !rest_.empty()) return fault(fmt::format("\"{}\" is too much", next_word()));
    return condition;
  }

 private:
  [[nodiscard]] std::unexpected<std::string> fault(std::string_view what) const {
    return std::unexpected(fmt::format("column {}: {}", text_.size() - rest_.size() + 1, what));
  }

  void skip_blanks() {
    const auto begin = rest_.find_first_not_of(" \t\r\n");
    rest_.remove_prefix(begin == std::string_view::npos ? rest_.size() : begin);
  }
  [[nodiscard]] std::string_view next_word() {
    skip_blanks();
    std::size_t size = 0;
    while (size < rest_.size() && is_word(rest_[size])) ++size;
    return rest_.substr(0, size == 0 ? std::min<std::size_t>(rest_.size(), 1) : size);
  }
  bool take(std::string_view word) {
    if (next_word() != word) return false;
    rest_.remove_prefix(word.size());
    return true;
  }

  Parsed any(int depth) { return joined(depth, "or", &Parser::all); }
  Parsed all(int depth) { return joined(depth, "and", &Parser::one); }

  // One or more of `part` with `word` between them. Kept flat, so that a long list is no deep recursion.
  Parsed joined(int depth, std::string_view word, Parsed (Parser::*part)(int)) {
    std::vector<Condition> parts;
    do {
      auto one = (this->*part)(depth);
      if (!one) return one;
      parts.push_back(*std::move(one));
    } while (take(word));
    if (parts.size() == 1) return std::move(parts.front());
    const bool decisive = word == "or";
    return [parts = std::move(parts), decisive](const Message& message) {
      for (const Condition& each : parts) {
        if (each(message) == decisive) return decisive;
      }
      return !decisive;
    };
  }

  Parsed one(int depth) {
    if (depth == nesting_max) return fault("nested too deeply");
    if (take("not")) {
      auto inner = one(depth + 1);
      if (!inner) return inner;
      return [inner = *std::move(inner)](const Message& message) { return !inner(message); };
    }
    if (take("(")) {
      auto inner = any(depth + 1);
      if (inner && !take(")")) return fault("\")\" is missing");
      return inner;
    }
    return test();
  }

  Parsed test() {
    const std::string_view word = next_word();
    if (word.starts_with("header.")) return of_header();
    if (take("body")) return of_body();
    if (take("size")) return of_size();
    if (take("text")) return [](const Message& message) { return message.text; };
    if (take("redelivered")) {
      return [](const Message& message) {
        const auto field = message.header.find("redelivered");
        return field != message.header.end() && (field->second == "true" || field->second == "1");
      };
    }
    return fault(word.empty()
                     ? "a test is missing: header.NAME, body, size, text or redelivered"
                     : fmt::format("\"{}\" is no test: header.NAME, body, size, text or redelivered", word));
  }

  Parsed of_header() {
    constexpr std::string_view before = "header.";
    auto name = header_name(before);
    if (!name) return std::unexpected(name.error());
    const std::string sign = take_sign();
    if (sign.empty()) {
      take("exists");
      return [name = *name](const Message& message) { return message.header.contains(name); };
    }
    // What is tested for: a message without the field is none of it, not even "!=".
    const auto on_field = [&](std::function<bool(const std::string&)> test) -> Condition {
      return [name = *name, test = std::move(test)](const Message& message) {
        const auto field = message.header.find(name);
        return field != message.header.end() && test(field->second);
      };
    };
    if (sign == "~" || sign == "!~") {
      auto found = expression(sign == "~");
      if (!found) return std::unexpected(found.error());
      return on_field(*std::move(found));
    }
    if (sign == "=" || sign == "!=") {
      auto wanted = quoted();
      if (!wanted) return std::unexpected(wanted.error());
      return on_field([wanted = *std::move(wanted), same = sign == "="](const std::string& value) {
        return (value == wanted) == same;
      });
    }
    const auto limit = number_in(next_word());
    if (!limit) return fault("a number is missing");
    rest_.remove_prefix(next_word().size());
    return on_field([limit = *limit, compare = comparison(sign)](const std::string& value) {
      const auto number = number_in(value);
      return number && compare(*number, limit);
    });
  }

  std::expected<std::string, std::string> header_name(std::string_view before) {
    std::string name{next_word().substr(before.size())};
    rest_.remove_prefix(before.size() + name.size());
    if (!name.empty()) return name;
    auto any_name = quoted();
    if (any_name && any_name->empty()) return fault("the name of a header is missing");
    return any_name;
  }

  Parsed of_body() {
    const std::string sign = take_sign();
    if (sign != "~" && sign != "!~") return fault("body is compared with ~ or !~ only");
    auto found = expression(sign == "~");
    if (!found) return std::unexpected(found.error());
    return [found = *std::move(found)](const Message& message) { return found(message.body); };
  }

  Parsed of_size() {
    const auto compare = comparison(take_sign());
    if (!compare) return fault("size is compared with < <= > >= = or !=");
    const std::string_view word = next_word();
    const auto size = service::parse_size(word);
    if (!size) return fault("a size such as 65536 or 64KiB is missing");
    rest_.remove_prefix(word.size());
    return [compare, size = static_cast<double>(*size)](const Message& message) {
      return compare(static_cast<double>(message.body.size()), size);
    };
  }

  // The comparison that comes next; empty: none.
  std::string take_sign() {
    skip_blanks();
    for (const std::string_view sign : {"<=", ">=", "!=", "!~", "<", ">", "=", "~"}) {
      if (!rest_.starts_with(sign)) continue;
      rest_.remove_prefix(sign.size());
      return std::string{sign};
    }
    return {};
  }

  std::expected<std::string, std::string> quoted() {
    skip_blanks();
    if (rest_.empty() || (rest_.front() != '"' && rest_.front() != '\''))
      return fault("a text in quotes is missing");
    const char quote = rest_.front();
    std::string text;
    for (std::size_t at = 1; at < rest_.size(); ++at) {
      char c = rest_[at];
      if (c == quote) {
        rest_.remove_prefix(at + 1);
        return text;
      }
      if (c == '\\' && quote == '"' && at + 1 < rest_.size()) {
        c = rest_[++at];
        if (c == 'n')
          c = '\n';
        else if (c == 't')
          c = '\t';
        else if (c != '\\' && c != '"')
          return fault("a backslash in double quotes goes before \", \\, n or t");
      }
      text.push_back(c);
    }
    return fault("the text has no end");
  }

  std::expected<std::function<bool(const std::string&)>, std::string> expression(bool wanted) {
    const auto pattern = quoted();
    if (!pattern) return std::unexpected(pattern.error());
    re2::RE2::Options options;
    options.set_log_errors(false);
    auto compiled = std::make_shared<re2::RE2>(*pattern, options);
    if (!compiled->ok()) return fault(fmt::format("before here: {}", compiled->error()));
    return [compiled = std::move(compiled), wanted](const std::string& text) {
      return re2::RE2::PartialMatch(text, *compiled) == wanted;
    };
  }

  std::string_view text_;
  std::string_view rest_;
};

}  // namespace

std::expected<Condition, std::string> parse_condition(std::string_view text) {
  return Parser{text}.whole();
}

}  // namespace simplevisor::rules
