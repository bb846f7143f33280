// supervisor/control/configuration_json.hpp
//
// The configuration as it was understood, with every default filled in, as JSON. Of environment variables and of
// `with` only the names are told: the values hold passwords.
//
// Threads    a pure function of an immutable value.
#pragma once

#include <string>

#include "supervisor/config/model.hpp"

namespace simplevisor::control {

// {"name","state_dir","files","root":{...}}
[[nodiscard]] std::string configuration_json(const config::Configuration& configuration);

}  // namespace simplevisor::control
