// supervisor/config/values.hpp
//
// Reads tables by the table of keys: every value is checked for form and bounds and handed to its key's
// setter. What is wrong goes to the report and sets nothing. Meaning across keys and nodes is for
// programs.cpp and tree.cpp.
#pragma once

#include <toml++/toml.h>
#include <cstdint>
#include <string_view>

#include "supervisor/config/keys.hpp"
#include "supervisor/config/report.hpp"

namespace simplevisor::config {

// Where values come from and complaints go to.
struct Reading {
  std::uint32_t file = 0;
  Report& report;

  [[nodiscard]] Where at(const toml::source_region& source) const {
    return {file, source.begin.line, source.begin.column};
  }
};

// `path` is the table's own name, for complaints.
void read_section(const Section& section, const toml::table& table, const KeyPath& path, Reading& reading,
                  Draft& draft);

// "a string", "an integer", ...: what a value is, for complaints.
[[nodiscard]] std::string_view type_text(const toml::node& node);

}  // namespace simplevisor::config
