// supervisor/config/key_paths.hpp
//
// Finds keys by what people call them, in the table of keys.
//
// Spellings  "worker.restart", "simplevisor.log.level", "worker.backoff.initial"; the key alone, "restart", for all
//            tables that have it; "backoff.initial"; and as complaints about a configuration say it, with the node's name
//            between: "worker.send-a.restart". A table by its name, "worker", or as in a file, "[worker.NAME]".
// Threads    pure functions.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "supervisor/config/keys.hpp"

namespace simplevisor::config {

struct KeyPlace {
  std::string path;                  // "worker.backoff.initial"; of a table "worker"
  const Section* section = nullptr;  // the table that has it, or that it is
  const Key* key = nullptr;          // null: the table itself
};

// All tables and keys, in the order of the documentation.
[[nodiscard]] std::span<const KeyPlace> key_places();

// Empty: there is no such key.
[[nodiscard]] std::vector<KeyPlace> find_keys(std::string_view name);

// The path or key that was probably meant; "" when none is near.
[[nodiscard]] std::string_view nearest_key(std::string_view name);

}  // namespace simplevisor::config
