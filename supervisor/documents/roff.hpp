// supervisor/documents/roff.hpp
//
// Text as man(7) wants it: what roff would take for requests or escapes is escaped, and what is typed gets minus signs
// that can be copied into a shell.
//
// Threads    pure functions.
#pragma once

#include <string>
#include <string_view>

namespace simplevisor::documents {

// Text as it is.
[[nodiscard]] std::string roff(std::string_view text);
// Text with `marks`: what is between them is bold.
[[nodiscard]] std::string roff_marked(std::string_view text);
[[nodiscard]] std::string bold(std::string_view text);
[[nodiscard]] std::string italic(std::string_view text);

// A paragraph with a hanging tag; both are roff already.
[[nodiscard]] std::string tagged(std::string_view tag, std::string_view text);

}  // namespace simplevisor::documents
