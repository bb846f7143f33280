// supervisor/config/describe.hpp
//
// A loaded configuration as text for people: the tree that was understood, with defaults filled in where they
// matter. Its layout may change; programs ask the control API.
#pragma once

#include <string>
#include <string_view>

#include "supervisor/config/model.hpp"

namespace simplevisor::config {

// Several lines, each ended by a newline. Environment values and `with` tables are not shown: they hold
// passwords.
[[nodiscard]] std::string describe(const Configuration& configuration);

// Differs where describe() does.
[[nodiscard]] std::string digest(const Configuration& configuration);

// As they are written in a configuration.
[[nodiscard]] std::string_view name_of(core::Strategy strategy);
[[nodiscard]] std::string_view name_of(core::Restart restart);

}  // namespace simplevisor::config
