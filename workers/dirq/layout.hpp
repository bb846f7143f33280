// workers/dirq/layout.hpp
//
// Which kind of queue a directory is.
//
// Threads    a plain function.
#pragma once

#include <cstdint>
#include <string>

namespace simplevisor::dirq {

enum class Layout : std::uint8_t { simple, normal };

// Normal, when the two directories that make a queue a normal one are there; what is not there, or empty, is simple.
[[nodiscard]] Layout detect_layout(const std::string& path);

}  // namespace simplevisor::dirq
