// supervisor/config/substitute.cpp
#include "supervisor/config/substitute.hpp"

#include <fmt/format.h>

#include <array>

#include "supervisor/config/spelling.hpp"

namespace simplevisor::config {
namespace {

constexpr std::array<std::string_view, 6> names{"name", "path", "state_dir", "bin_dir", "instance", "with"};

enum class Piece { literal, open_brace, close_brace, name, lone_open, lone_close };

// The next piece of a template, taken off its front: text without braces, a doubled brace, or {name}. Every
// piece is at least one byte, so a loop over a template ends.
Piece take(std::string_view& rest, std::string_view& piece) {
  const std::size_t brace = rest.find_first_of("{}");
  if (brace != 0) {
    piece = rest.substr(0, brace);
    rest.remove_prefix(piece.size());
    return Piece::literal;
  }
  const char c = rest[0];
  if (rest.size() > 1 && rest[1] == c) {
    piece = rest.substr(0, 1);
    rest.remove_prefix(2);
    return c == '{' ? Piece::open_brace : Piece::close_brace;
  }
  if (c == '}') return Piece::lone_close;
  const std::size_t end = rest.find_first_of("{}", 1);
  if (end == std::string_view::npos || rest[end] != '}') return Piece::lone_open;
  piece = rest.substr(1, end - 1);
  rest.remove_prefix(end + 1);
  return Piece::name;
}

SubstitutionError unknown(std::string_view name) {
  Spelling spelling;
  const std::string_view nearest = spelling.nearest(name, names);
  return {
      fmt::format("unknown substitution {{{0}}}; braces that stand for themselves are doubled: {{{{{0}}}}}",
                  name),
      nearest.empty() ? "" : fmt::format("{{{}}}", nearest)};
}

// A brace in a substituted value stands for itself, in the second step too.
void append_escaped(std::string& text, std::string_view value) {
  for (const char c : value) {
    if (c == '{' || c == '}') text += c;
    text += c;
  }
}

const std::string_view* find(const Known& known, std::string_view name) {
  if (name == "name") return &known.name;
  if (name == "path") return &known.path;
  if (name == "state_dir") return &known.state_dir;
  if (name == "bin_dir") return &known.bin_dir;
  return nullptr;
}

std::string unescaped(std::string_view text) {
  std::string plain;
  plain.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    plain += text[i];
    if (text[i] == '{' || text[i] == '}') ++i;  // the second of a pair
  }
  return plain;
}

}  // namespace

std::expected<Pending, SubstitutionError> substitute(std::string_view text, const Known& known) {
  Pending pending;
  std::string_view piece;
  for (std::string_view rest = text; !rest.empty();) {
    switch (take(rest, piece)) {
      case Piece::literal:
        pending.text += piece;
        break;
      case Piece::open_brace:
      case Piece::close_brace:
        pending.text.append(2, piece[0]);
        break;
      case Piece::lone_open:
        return std::unexpected(
            SubstitutionError{"\"{\" without its \"}\"; a brace that stands for itself is \"{{\"", {}});
      case Piece::lone_close:
        return std::unexpected(
            SubstitutionError{"\"}\" without its \"{\"; a brace that stands for itself is \"}}\"", {}});
      case Piece::name:
        if (const std::string_view* value = find(known, piece)) {
          append_escaped(pending.text, *value);
        } else if (piece == "instance" || piece == "with") {
          (piece == "with" ? pending.with : pending.instance) = true;
          pending.text += fmt::format("{{{}}}", piece);
        } else {
          return std::unexpected(unknown(piece));
        }
        break;
    }
  }
  return pending;
}

std::expected<std::string, SubstitutionError> substitute_wholly(std::string_view text, const Known& known) {
  auto pending = substitute(text, known);
  if (!pending) return std::unexpected(std::move(pending).error());
  if (pending->instance || pending->with) {
    const std::string_view name = pending->with ? "with" : "instance";
    return std::unexpected(
        SubstitutionError{fmt::format("{{{}}} is known only when a worker starts: not in a path", name), {}});
  }
  return unescaped(pending->text);
}

std::string expand(std::string_view text, std::optional<unsigned> instance, std::string_view with_file) {
  std::string expanded;
  std::string_view piece;
  for (std::string_view rest = text; !rest.empty();) {
    switch (take(rest, piece)) {
      case Piece::literal:
      case Piece::open_brace:
      case Piece::close_brace:
        expanded += piece;
        break;
      case Piece::name:
        if (piece == "instance") {
          expanded += std::to_string(instance.value_or(0));
        } else if (piece == "with") {
          expanded += with_file;
        }
        break;
      case Piece::lone_open:
      case Piece::lone_close:  // substitute() lets none through
        expanded += rest;
        return expanded;
    }
  }
  return expanded;
}

}  // namespace simplevisor::config
