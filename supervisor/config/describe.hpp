// supervisor/config/describe.hpp
//
// A loaded configuration as text for people: the tree that was understood, with defaults filled in where they
// matter. Its layout may change; programs ask the control API.
#pragma once

#include <string>

#include "supervisor/config/model.hpp"

namespace simplevisor::config {

// Several lines, each ended by a newline. Environment values and `with` tables are not shown: they hold
// passwords.
[[nodiscard]] std::string describe(const Configuration& configuration);

}  // namespace simplevisor::config
