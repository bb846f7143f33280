// supervisor/config/schema.hpp
//
// The table of keys as a JSON Schema (draft 2020-12), for editors that check and complete TOML.
//
// It knows names, types, choices and bounds of single values. What keys mean together, units within strings beyond
// their form, and what refers to other nodes, only the loader knows: check_configuration.
#pragma once

#include <string>

namespace simplevisor::config {

// The text of docs/simplevisor.schema.json.
[[nodiscard]] std::string json_schema();

}  // namespace simplevisor::config
