// workers/service/nearest.hpp
//
// The known name that a misspelt one was probably meant to be.
//
// Measure    edit distance with insertions, deletions and replacements; at most two, or a third of the name.
// Bounds     only the first 64 bytes of what was given are looked at.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace simplevisor::service {

// " (did you mean "retry_delay"?)", or nothing when no known name is near.
[[nodiscard]] std::string did_you_mean(std::string_view given, std::span<const std::string_view> known);

}  // namespace simplevisor::service
