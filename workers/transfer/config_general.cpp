#include "workers/transfer/config_general.hpp"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <filesystem>
#include <optional>
#include <utility>
#include <vector>

namespace simplevisor::transfer {
namespace {

namespace json = boost::json;

constexpr int depth_max = 32;
constexpr int files_max = 100;

using Parsed = std::expected<void, std::string>;

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view blanks = " \t\r";
  const auto begin = text.find_first_not_of(blanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(blanks) - begin + 1);
}

std::string without_comment(std::string_view line) {
  std::string kept;
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line[i] == '#') break;
    if (line[i] == '\\' && i + 1 < line.size() && line[i + 1] == '#') ++i;
    kept.push_back(line[i]);
  }
  return kept;
}

std::string_view unquoted(std::string_view value) {
  const bool quoted =
      value.size() >= 2 && (value.front() == '"' || value.front() == '\'') && value.back() == value.front();
  return quoted ? value.substr(1, value.size() - 2) : value;
}

// What comes again makes a list.
void add(json::object& object, std::string_view key, json::value value) {
  const auto found = object.find(key);
  if (found == object.end()) {
    object.emplace(key, std::move(value));
    return;
  }
  if (!found->value().is_array()) found->value() = json::array{std::move(found->value())};
  found->value().as_array().push_back(std::move(value));
}

// Shared by a file and all that it includes.
struct Reading {
  const ReadFile& read;
  int files = 1;
};

class Parser {
 public:
  Parser(std::string_view text, std::string path, int depth, Reading& reading)
      : rest_{text}, path_{std::move(path)}, depth_{depth}, reading_{reading} {}

  Parsed into(json::object& top) { return block(top, "", depth_); }

 private:
  [[nodiscard]] std::unexpected<std::string> fault(std::string_view what) const {
    return std::unexpected(fmt::format("{}:{}: {}", path_, line_, what));
  }

  std::optional<std::string_view> physical_line() {
    if (rest_.empty()) return std::nullopt;
    const auto end = rest_.find('\n');
    const std::string_view line = rest_.substr(0, end);
    rest_.remove_prefix(end == std::string_view::npos ? rest_.size() : end + 1);
    ++line_;
    return line;
  }

  // The next one that says something, joined and without its comment.
  std::optional<std::string> line() {
    std::string joined;
    while (const auto next = physical_line()) {
      joined += without_comment(*next);
      const std::string_view text = trimmed(joined);
      if (text.ends_with('\\')) {
        joined = text.substr(0, text.size() - 1);
        continue;
      }
      if (!text.empty()) return std::string{text};
      joined.clear();
    }
    if (const std::string_view text = trimmed(joined); !text.empty()) return std::string{text};
    return std::nullopt;
  }

  // Up to the end of the block `name`; of the file, when it has none.
  Parsed block(json::object& object, const std::string& name, int depth) {
    if (depth == depth_max) return fault("nested too deeply");
    while (const auto text = line()) {
      if (text->starts_with("</")) {
        if (name.empty() || trimmed(std::string_view{*text}.substr(2, text->size() - 3)) != name)
          return fault(fmt::format("{} ends nothing that is open{}", *text,
                                   name.empty() ? "" : fmt::format("; open is <{}>", name)));
        return {};
      }
      if (auto done = statement(object, *text, depth); !done) return done;
    }
    if (!name.empty()) return fault(fmt::format("<{}> is not ended", name));
    return {};
  }

  Parsed statement(json::object& object, std::string_view text, int depth) {
    if (text.starts_with("<<include ") && text.ends_with(">>"))
      return include(object, trimmed(text.substr(10, text.size() - 12)), depth);
    if (text.starts_with('<')) return nested(object, text, depth);
    const auto [key, value] = split(text);
    if (key.empty()) return fault("a key is missing");
    if (key == "include" && text.find('=') == std::string_view::npos) return include(object, value, depth);
    if (value.starts_with("<<")) return here_document(object, key, trimmed(value.substr(2)));
    add(object, key, json::string{unquoted(value)});
    return {};
  }

  static std::pair<std::string_view, std::string_view> split(std::string_view text) {
    const auto end = text.find_first_of(" \t=");
    if (end == std::string_view::npos) return {text, {}};
    const std::string_view key = text.substr(0, end);
    std::string_view value = trimmed(text.substr(end));
    if (value.starts_with('=')) value = trimmed(value.substr(1));
    return {key, value};
  }

  Parsed nested(json::object& object, std::string_view text, int depth) {
    if (!text.ends_with('>')) return fault(fmt::format("{} lacks its \">\"", text));
    const bool empty = text.ends_with("/>");
    const std::string_view inside = trimmed(text.substr(1, text.size() - (empty ? 3 : 2)));
    const auto blank = inside.find_first_of(" \t");
    const std::string type{inside.substr(0, blank)};
    if (type.empty()) return fault("a block without a name");
    json::object content;
    if (!empty) {
      if (auto done = block(content, type, depth + 1); !done) return done;
    }
    if (blank == std::string_view::npos) {
      add(object, type, std::move(content));
      return {};
    }
    // <type name>: a table of that name within `type`.
    const std::string_view name = unquoted(trimmed(inside.substr(blank)));
    json::value& outer = object.emplace(type, json::object{}).first->value();
    if (!outer.is_object()) return fault(fmt::format("<{}> comes with a name and without", type));
    add(outer.as_object(), name, std::move(content));
    return {};
  }

  Parsed here_document(json::object& object, std::string_view key, std::string_view end) {
    if (end.empty()) return fault("<< needs the word that ends the text");
    std::string text;
    while (const auto next = physical_line()) {
      if (trimmed(*next) == end) {
        add(object, key, json::string{text});
        return {};
      }
      if (!text.empty()) text += '\n';
      text += next->ends_with('\r') ? next->substr(0, next->size() - 1) : *next;
    }
    return fault(fmt::format("the text of {} is not ended by {}", key, end));
  }

  Parsed include(json::object& object, std::string_view file, int depth) {
    if (++reading_.files > files_max) return fault("too many files");
    const auto path = std::filesystem::path{path_}.parent_path() / unquoted(file);
    const auto text = reading_.read(path.string());
    if (!text) return fault(text.error());
    return Parser{*text, path.string(), depth + 1, reading_}.into(object);
  }

  std::string_view rest_;
  std::string path_;
  int depth_;
  Reading& reading_;
  std::size_t line_ = 0;
};

}  // namespace

std::expected<json::object, std::string> parse_config_general(std::string_view text, const std::string& path,
                                                              const ReadFile& read) {
  json::object object;
  Reading reading{read};
  if (auto done = Parser{text, path, 0, reading}.into(object); !done)
    return std::unexpected(std::move(done).error());
  return object;
}

}  // namespace simplevisor::transfer
