// supervisor/config/env_file.cpp
#include "supervisor/config/env_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <unordered_map>

#include "supervisor/config/text_file.hpp"

namespace simplevisor::config {
namespace {

constexpr std::size_t file_bytes_max = 1u << 20;
constexpr std::size_t names_max = 10'000;
constexpr std::size_t value_bytes_max = 131'071;

bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\r';
}
bool is_name_start(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
bool is_name_char(char c) {
  return is_name_start(c) || (c >= '0' && c <= '9');
}

class Parser {
 public:
  Parser(std::string_view text, std::string_view file) : text_{text}, file_{file} {}

  std::expected<Environment, Complaint> run() {
    while (skip_to_assignment()) {
      const std::uint32_t line = line_;
      auto name = take_name();
      if (!name) return std::unexpected(std::move(name).error());
      std::string value;
      if (auto wrong = take_value(value)) return std::unexpected(*std::move(wrong));
      if (value.size() > value_bytes_max) {
        return std::unexpected(
            complain(line, fmt::format("the value has more than {} bytes", value_bytes_max), *name));
      }
      if (!store(*name, std::move(value))) {
        return std::unexpected(complain(line, fmt::format("more than {} names", names_max)));
      }
    }
    return std::move(environment_);
  }

 private:
  bool at_end() const { return at_ == text_.size(); }
  char peek() const { return text_[at_]; }
  char next() {
    const char c = text_[at_++];
    if (c == '\n') ++line_;
    return c;
  }

  Complaint complain(std::uint32_t line, std::string message, std::string_view key = {}) const {
    return {std::string{file_}, line, 0, std::string{key}, std::move(message), {}};
  }

  // Past blank lines and comments. False at the end of the text.
  bool skip_to_assignment() {
    while (!at_end()) {
      if (peek() == '#' || peek() == ';') {
        while (!at_end() && peek() != '\n') next();
      } else if (is_blank(peek()) || peek() == '\n') {
        next();
      } else {
        return true;
      }
    }
    return false;
  }

  void skip_blanks() {
    while (!at_end() && is_blank(peek())) next();
  }

  std::expected<std::string, Complaint> take_name() {
    constexpr std::string_view prefix = "export";
    const std::string_view rest = text_.substr(at_);
    if (rest.starts_with(prefix) && rest.size() > prefix.size() && is_blank(rest[prefix.size()])) {
      at_ += prefix.size();
      skip_blanks();
    }
    const std::size_t end = std::min(text_.find_first_of("=\n", at_), text_.size());
    std::string_view name = text_.substr(at_, end - at_);
    while (!name.empty() && is_blank(name.back())) name.remove_suffix(1);
    if (end == text_.size() || text_[end] != '=') {
      return std::unexpected(complain(line_, "not a NAME=VALUE line"));
    }
    if (name.empty() || !is_name_start(name.front()) || !std::ranges::all_of(name, is_name_char)) {
      return std::unexpected(
          complain(line_, "not a name: letters, digits and _, no digit first", printable(name)));
    }
    at_ = end + 1;
    return std::string{name};
  }

  // What stands behind the `=`: quoted parts one after the other, then an unquoted one up to the end of the
  // line. A quote inside the unquoted part is an ordinary character, as in {"a": 1} or it's.
  std::optional<Complaint> take_value(std::string& value) {
    bool unquoted = false;
    std::size_t solid = 0;  // unquoted blanks at the end of the value do not count
    while (!at_end() && peek() != '\n') {
      const char c = next();
      if (!unquoted && (c == '\'' || c == '"')) {
        if (auto wrong = take_quoted(c, value)) return wrong;
        solid = value.size();
      } else if (c == '\\') {
        if (!at_end()) take_escaped(value);
        solid = value.size();
        unquoted = true;
      } else if (!is_blank(c)) {
        value += c;
        solid = value.size();
        unquoted = true;
      } else if (unquoted) {
        value += c;
      }
    }
    value.resize(solid);
    return std::nullopt;
  }

  void take_escaped(std::string& value) {
    const char c = next();
    if (c != '\n') value += c;  // a backslash at the end of a line joins it with the next
  }

  std::optional<Complaint> take_quoted(char quote, std::string& value) {
    const std::uint32_t line = line_;
    while (!at_end()) {
      const char c = next();
      if (c == quote) return std::nullopt;
      if (c == '\\' && quote == '"' && !at_end()) {
        constexpr std::string_view escapable = "\"\\`$\n";
        if (escapable.contains(peek())) {
          take_escaped(value);
          continue;
        }
      }
      value += c;
    }
    return complain(line, fmt::format("a quote {} that is never closed", quote));
  }

  bool store(const std::string& name, std::string value) {
    const auto [found, fresh] = index_.try_emplace(name, environment_.size());
    if (!fresh) {
      environment_[found->second].second = std::move(value);
      return true;
    }
    if (environment_.size() == names_max) return false;
    environment_.emplace_back(name, std::move(value));
    return true;
  }

  static std::string printable(std::string_view text) {
    std::string shown;
    for (const char c : text.substr(0, 64)) shown += c >= ' ' && c < 127 ? c : '?';
    return shown;
  }

  std::string_view text_;
  std::string_view file_;
  std::size_t at_ = 0;
  std::uint32_t line_ = 1;
  Environment environment_;
  std::unordered_map<std::string, std::size_t> index_;
};

}  // namespace

std::expected<Environment, Complaint> parse_env(std::string_view text, std::string_view file) {
  if (text.size() > file_bytes_max) {
    return std::unexpected(
        Complaint{std::string{file}, 0, 0, {}, fmt::format("larger than {} bytes", file_bytes_max), {}});
  }
  if (const std::size_t nul = text.find('\0'); nul != std::string_view::npos) {
    const auto line = static_cast<std::uint32_t>(1 + std::ranges::count(text.substr(0, nul), '\n'));
    return std::unexpected(Complaint{std::string{file}, line, 0, {}, "a NUL byte", {}});
  }
  return Parser{text, file}.run();
}

std::expected<Environment, Complaint> read_env_file(const std::string& path) {
  const auto text = read_text_file(path, file_bytes_max);
  if (!text) return std::unexpected(Complaint{path, 0, 0, {}, text.error(), {}});
  return parse_env(*text, path);
}

}  // namespace simplevisor::config
