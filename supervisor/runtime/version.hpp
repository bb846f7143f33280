// supervisor/runtime/version.hpp
//
// The version of the project, as CMakeLists.txt says.
#pragma once

namespace simplevisor::runtime {

inline constexpr const char* version = SIMPLEVISOR_VERSION;

}  // namespace simplevisor::runtime
