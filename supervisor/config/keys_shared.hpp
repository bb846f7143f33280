// supervisor/config/keys_shared.hpp
//
// What the files that hold the table of keys share among themselves; the rest of the loader uses keys.hpp.
#pragma once

#include <array>

#include "supervisor/config/keys.hpp"

namespace simplevisor::config {

inline constexpr std::int64_t duration_max = 366ll * 86'400'000;  // a leap year

template <class Enum>
constexpr Choice choice(std::string_view name, Enum value) {
  return {name, static_cast<std::int64_t>(value)};
}

inline void append(Section& section, std::span<const Key> keys) {
  section.keys.insert(section.keys.end(), keys.begin(), keys.end());
}

std::span<const Key> supervision_keys();  // of supervisors and pools
std::span<const Key> child_keys();        // of every child of a supervisor
Key shutdown_key(std::string_view fallback, std::string_view meaning);

}  // namespace simplevisor::config
