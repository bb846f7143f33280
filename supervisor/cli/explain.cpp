// Keys of the configuration, from the table that the loader reads by.
#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <set>

#include "supervisor/cli/commands.hpp"
#include "supervisor/config/key_paths.hpp"
#include "supervisor/config/key_text.hpp"
#include "supervisor/control/text.hpp"

namespace simplevisor::cli {
namespace {

namespace json = boost::json;
using config::Form;
using config::Key;
using config::KeyPlace;
using config::Section;
using config::unmarked;

json::value text_or_null(std::string_view text) {
  return text.empty() ? json::value(nullptr) : json::value(text);
}

json::object to_json(const KeyPlace& place) {
  const Key& key = *place.key;
  json::object object{{"key", place.path},
                      {"table", place.section->heading},
                      {"type", config::form_name(key.form)},
                      {"value", unmarked(config::value_text(key))},
                      {"default", text_or_null(key.fallback)},
                      {"example", text_or_null(key.example)},
                      {"meaning", unmarked(key.meaning)}};
  if (!key.choices.empty()) {
    json::array choices;
    for (const config::Choice& choice : key.choices) choices.push_back(json::value(choice.name));
    object["choices"] = std::move(choices);
  }
  if (key.max != 0) {
    object["minimum"] = key.min;
    object["maximum"] = key.max;
    const bool time = key.form == Form::duration || key.form == Form::shutdown;
    if (time || key.form == Form::size) object["unit"] = time ? "ms" : "bytes";
  }
  return object;
}

json::object to_json(std::string_view path, const Section& section) {
  json::array keys;
  for (const Key& key : section.keys)
    keys.push_back(to_json({fmt::format("{}.{}", path, key.name), &section, &key}));
  return {{"table", section.heading}, {"meaning", unmarked(section.meaning)}, {"keys", std::move(keys)}};
}

std::string line(std::string_view label, std::string_view text) {
  return text.empty() ? std::string{} : fmt::format("  {:<9}{}\n", label, text);
}

std::string table_text(std::string_view path, const Section& section) {
  std::string text = fmt::format("{}  {}\n", section.heading, unmarked(section.meaning));
  std::size_t width = 0;
  for (const Key& key : section.keys) width = std::max(width, key.name.size());
  for (const Key& key : section.keys)
    text += fmt::format("  {}.{:<{}}  {}\n", path, key.name, width, unmarked(key.meaning));
  return text;
}

bool tell_the_same(const KeyPlace& a, const KeyPlace& b) {
  return a.key->form == b.key->form && a.key->meaning == b.key->meaning &&
         a.key->fallback == b.key->fallback && a.key->min == b.key->min && a.key->max == b.key->max &&
         a.key->section == b.key->section;
}

std::string key_text(const KeyPlace& place, const std::string& title) {
  const Key& key = *place.key;
  std::string text = title + "\n";
  text += line("meaning", unmarked(key.meaning));
  text += line("value", unmarked(config::value_text(key)));
  text += line("default", key.fallback);
  if (!key.example.empty()) text += line("example", fmt::format("{} = {}", key.name, key.example));
  if (key.section != nullptr) text += "\n" + table_text(place.path, *key.section);
  return text;
}

// Tables that have the same key are told together; where it differs, one after the other.
std::string keys_text(const std::vector<KeyPlace>& places) {
  std::string text;
  std::vector<bool> told(places.size());
  for (std::size_t i = 0; i < places.size(); ++i) {
    if (told[i]) continue;
    std::string title = places[i].path;
    for (std::size_t j = i + 1; j < places.size(); ++j) {
      if (!tell_the_same(places[i], places[j])) continue;
      told[j] = true;
      title += ", " + places[j].path;
    }
    text += (text.empty() ? "" : "\n") + key_text(places[i], title);
  }
  return text;
}

// Those within tables once, although workers, pools and kinds have them.
std::vector<KeyPlace> tables() {
  std::vector<KeyPlace> tables;
  std::set<const Section*> listed;
  for (const KeyPlace& place : config::key_places()) {
    if (place.key == nullptr && listed.insert(place.section).second) tables.push_back(place);
  }
  return tables;
}

void print_tables(const std::vector<KeyPlace>& tables, Terminal& terminal, bool as_json) {
  json::array array;
  std::string text;
  for (const KeyPlace& table : tables) {
    if (as_json) array.push_back(to_json(table.path, *table.section));
    text += (text.empty() ? "" : "\n") + table_text(table.path, *table.section);
  }
  terminal.out << (as_json ? json::serialize(json::object{{"tables", std::move(array)}}) + "\n" : text)
               << std::flush;
}

int unknown(const std::string& name, Terminal& terminal, bool as_json) {
  const std::string_view nearest = config::nearest_key(name);
  std::string message = fmt::format("no key '{}'", control::clean_utf8(name.substr(0, 100)));
  message +=
      nearest.empty() ? "; 'simplevisor explain' lists them" : fmt::format(" (did you mean '{}'?)", nearest);
  return report({Exit::usage, "no_such_key", std::move(message)}, terminal, as_json);
}

}  // namespace

int explain(Context& context) {
  const CommandLine& line = context.line;
  Terminal& terminal = context.terminal;
  if (line.key.empty()) {
    print_tables(tables(), terminal, line.json);
    return code(Exit::done);
  }
  const auto found = config::find_keys(line.key);
  if (found.empty()) return unknown(line.key, terminal, line.json);
  if (found.front().key == nullptr) {
    print_tables(found, terminal, line.json);
  } else if (line.json) {
    json::array keys;
    for (const KeyPlace& place : found) keys.push_back(to_json(place));
    terminal.out << json::serialize(json::object{{"keys", std::move(keys)}}) << '\n' << std::flush;
  } else {
    terminal.out << keys_text(found) << std::flush;
  }
  return code(Exit::done);
}

}  // namespace simplevisor::cli
