// supervisor/config/values.cpp
#include "supervisor/config/values.hpp"

#include <fmt/format.h>

#include "supervisor/config/value_reader.hpp"

namespace simplevisor::config {

std::string_view type_text(const toml::node& node) {
  switch (node.type()) {
    case toml::node_type::table:
      return "a table";
    case toml::node_type::array:
      return "an array";
    case toml::node_type::string:
      return "a string";
    case toml::node_type::integer:
      return "an integer";
    case toml::node_type::floating_point:
      return "a float";
    case toml::node_type::boolean:
      return "a boolean";
    case toml::node_type::date:
    case toml::node_type::time:
    case toml::node_type::date_time:
      return "a date or time";
    case toml::node_type::none:
      break;
  }
  return "nothing";
}

void read_section(const Section& section, const toml::table& table, const KeyPath& path, Reading& reading,
                  Draft& draft) {
  for (const auto& [name, value] : table) {
    const KeyPath value_path{&path, name.str()};
    const Key* key = section.find(name.str());
    if (key == nullptr) {
      reading.report.add(reading.at(name.source()), value_path.text(), "unknown key",
                         reading.report.spelling.nearest(name.str(), section.key_names()));
      continue;
    }
    if (key->form == Form::section) {
      if (const toml::table* inner = value.as_table()) {
        read_section(*key->section, *inner, value_path, reading, draft);
      } else {
        reading.report.add(reading.at(value.source()), value_path.text(),
                           fmt::format("must be a table, not {}", type_text(value)));
      }
      continue;
    }
    if (auto read = ValueReader{*key, value_path, reading}.read(value)) {
      key->set(draft, *std::move(read), reading.at(value.source()));
    }
  }
}

}  // namespace simplevisor::config
