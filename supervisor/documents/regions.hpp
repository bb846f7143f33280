// supervisor/documents/regions.hpp
//
// The parts of a document that are made from a table stand between two marks, each a comment on a line of its own; the
// rest is prose, and somebody's.
//
//   .\" made: commands                 <!-- made: commands -->
//   ...                                ...
//   .\" end of commands                <!-- end of commands -->
//
// Errors     one line: a mark without its end, or a name that nobody makes.
// Threads    pure functions.
#pragma once

#include <expected>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace simplevisor::documents {

enum class Markup { roff, markdown };

// The text of the region of that name, ending in a newline; nothing if there is no such region.
using Make = std::function<std::optional<std::string>(std::string_view name)>;

// The document with each of its regions made anew.
[[nodiscard]] std::expected<std::string, std::string> with_regions(std::string_view document, Markup markup,
                                                                   const Make& make);

}  // namespace simplevisor::documents
