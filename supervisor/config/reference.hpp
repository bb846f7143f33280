// supervisor/config/reference.hpp
//
// The table of keys as Markdown, for docs/configuration.md.
#pragma once

#include <string>

namespace simplevisor::config {

// One table for each section, between the two marks, which are lines of their own.
[[nodiscard]] std::string reference_markdown();

inline constexpr const char* reference_begin =
    "<!-- reference: made from the table of keys, not by hand -->\n";
inline constexpr const char* reference_end = "<!-- end of reference -->\n";

}  // namespace simplevisor::config
