// supervisor/config/control.hpp
//
// From the keys of [simplevisor.control] to ControlSettings.
//
// Errors     each mistake is a complaint at the place of the value.
// Threads    pure functions.
#pragma once

#include "supervisor/config/programs.hpp"

namespace simplevisor::config {

[[nodiscard]] ControlSettings settle_control(const SettingsDraft& draft, Paths& paths, Report& report);

// Complains about grants for paths that no node of the tree has.
void check_grants(const SettingsDraft& draft, const core::ChildSpec& root, Report& report);

}  // namespace simplevisor::config
