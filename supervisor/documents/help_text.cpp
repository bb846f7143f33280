// The form is that of CLI11: items indented by two columns, texts in the 30th, on the next line where the item is longer.
#include "supervisor/documents/help_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

namespace simplevisor::documents {
namespace {

constexpr std::size_t text_column = 30;

bool is_digit(char c) {
  return std::isdigit(static_cast<unsigned char>(c)) != 0;
}

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    lines.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(' ');
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(' ') - first + 1);
}

bool is_continuation(std::string_view line) {
  return line.size() > text_column && line.find_first_not_of(' ') == text_column;
}

// "--purge INT:INT in [0 - 9]=300": names, what a value is, bounds, default. Which others it excludes or needs is told by its
// text or not at all.
HelpItem item_of(std::string_view declared) {
  HelpItem item;
  const std::size_t space = declared.find(' ');
  std::string_view names = declared.substr(0, space);
  while (!names.empty()) {
    const std::size_t comma = std::min(names.find(','), names.size());
    // A flag that denies says so with a value in braces.
    item.names.emplace_back(names.substr(0, std::min(names.substr(0, comma).find('{'), comma)));
    names.remove_prefix(std::min(comma + 1, names.size()));
  }
  if (space == std::string_view::npos) return item;
  std::string_view rest = declared.substr(space + 1);
  for (const std::string_view relation : {"Excludes: ", "Needs: ", "REQUIRED"})
    rest = trimmed(rest.substr(0, rest.find(relation)));
  if (const std::size_t equals = rest.rfind('='); equals != std::string_view::npos) {
    item.initial = rest.substr(equals + 1);
    rest = rest.substr(0, equals);
  }
  if (rest.starts_with("INT") || rest.starts_with("UINT") || rest.starts_with("FLOAT"))
    item.value = "NUMBER";
  else if (!rest.empty())
    item.value = "VALUE";
  return item;
}

}  // namespace

std::expected<HelpText, std::string> parse_help(std::string_view text) {
  HelpText help;
  const auto lines = lines_of(text);
  std::vector<HelpItem>* items = nullptr;
  bool listed = false;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const std::string_view line = lines[i];
    if (i == 0) {
      help.purpose = line;
    } else if (line.starts_with("Usage: ")) {
      help.usage = line.substr(std::string_view("Usage: ").size());
    } else if (line == "Positionals:" || line == "Options:" || line == "Subcommands:") {
      items = line.front() == 'P' ? &help.arguments : line.front() == 'O' ? &help.options : &help.commands;
      listed = true;
    } else if (line.empty()) {
      items = nullptr;
    } else if (items == nullptr) {
      if (!listed) return std::unexpected(fmt::format("'{}' is nothing a help text says there", line));
      help.footer += (help.footer.empty() ? "" : " ") + std::string(line);
    } else if (i + 1 < lines.size() && is_continuation(lines[i + 1])) {
      items->push_back(item_of(trimmed(line)));
      items->back().text = trimmed(lines[++i]);
    } else if (line.starts_with("  ") && line.size() > text_column && line[text_column - 1] == ' ') {
      items->push_back(item_of(trimmed(line.substr(0, text_column))));
      items->back().text = line.substr(text_column);
    } else {
      return std::unexpected(fmt::format("'{}' is no option with its text", line));
    }
  }
  if (help.purpose.empty() || help.usage.empty() || help.options.empty())
    return std::unexpected("no purpose, no usage or no options");
  return help;
}

std::vector<ExitMeaning> exits_in(std::string_view footer) {
  std::vector<ExitMeaning> exits;
  const std::size_t colon = footer.find(": ");
  if (colon == std::string_view::npos) return exits;
  std::string_view rest = footer.substr(colon + 2);
  while (!rest.empty()) {
    // A comma ends a meaning where a number follows.
    std::size_t end = 0;
    do {
      end = rest.find(", ", end == 0 ? 0 : end + 1);
    } while (end != std::string_view::npos && (end + 2 >= rest.size() || !is_digit(rest[end + 2])));
    std::string_view one = rest.substr(0, end);
    rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 2);
    if (rest.empty() && one.ends_with('.')) one.remove_suffix(1);
    const std::size_t space = one.find(' ');
    if (space == std::string_view::npos || !is_digit(one.front())) continue;
    exits.push_back({std::string(one.substr(0, space)), std::string(one.substr(space + 1))});
  }
  return exits;
}

}  // namespace simplevisor::documents
