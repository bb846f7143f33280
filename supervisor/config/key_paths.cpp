#include "supervisor/config/key_paths.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "supervisor/config/spelling.hpp"

namespace simplevisor::config {
namespace {

constexpr std::size_t name_bytes_max = 1024;  // of what may be looked for

void append_keys(std::vector<KeyPlace>& places, const std::string& path, const Section& section) {
  places.push_back({path, &section, nullptr});
  for (const Key& key : section.keys)
    places.push_back({fmt::format("{}.{}", path, key.name), &section, &key});
  for (const Key& key : section.keys) {
    if (key.section != nullptr) append_keys(places, fmt::format("{}.{}", path, key.name), *key.section);
  }
}

std::vector<KeyPlace> make_places() {
  std::vector<KeyPlace> places;
  for (const Section* section : sections()) append_keys(places, std::string(section->name), *section);
  return places;
}

// What a table within a table is called stands twice: as a key of the outer, and as the inner. Asked for by name, it is
// the key, whose meaning says how the two belong together.
bool stands_for_itself(const KeyPlace& place) {
  return place.key != nullptr || place.path.find('.') == std::string::npos;
}

std::vector<KeyPlace> ending_in(std::string_view name) {
  std::vector<KeyPlace> found;
  for (const KeyPlace& place : key_places()) {
    if (!stands_for_itself(place) || !place.path.ends_with(name)) continue;
    const std::size_t before = place.path.size() - name.size();
    if (before == 0 || place.path[before - 1] == '.') found.push_back(place);
  }
  return found;
}

// "[worker.NAME]", "worker.NAME" and "[worker]" are ways to write of a table.
std::string_view without_heading_marks(std::string_view name) {
  if (name.starts_with('[') && name.ends_with(']')) name = name.substr(1, name.size() - 2);
  if (name.ends_with(".NAME")) name.remove_suffix(std::string_view(".NAME").size());
  return name;
}

// The table's name and, of what follows, ever less from the front: names of nodes may have dots in them.
std::vector<KeyPlace> behind_a_node_name(std::string_view name) {
  std::size_t dot = name.find('.');
  if (dot == std::string_view::npos) return {};
  const std::string table(name.substr(0, dot));
  while ((dot = name.find('.', dot + 1)) != std::string_view::npos) {
    const std::string path = table + std::string(name.substr(dot));
    for (const KeyPlace& place : key_places()) {
      if (place.path == path && stands_for_itself(place)) return {place};
    }
  }
  return {};
}

}  // namespace

std::span<const KeyPlace> key_places() {
  static const std::vector<KeyPlace> places = make_places();
  return places;
}

std::vector<KeyPlace> find_keys(std::string_view name) {
  name = without_heading_marks(name.substr(0, name_bytes_max));
  if (name.empty()) return {};
  for (const KeyPlace& place : key_places()) {
    if (place.path == name && stands_for_itself(place)) return {place};
  }
  auto found = ending_in(name);
  return found.empty() ? behind_a_node_name(name) : found;
}

std::string_view nearest_key(std::string_view name) {
  std::vector<std::string_view> valid;
  for (const KeyPlace& place : key_places()) {
    if (place.key != nullptr) valid.push_back(place.key->name);
  }
  for (const KeyPlace& place : key_places()) valid.push_back(place.path);
  return Spelling().nearest(name.substr(0, name_bytes_max), valid);
}

}  // namespace simplevisor::config
