// supervisor/config/key_text.hpp
//
// What stands in the table of keys, as text for people: the reference, `simplevisor explain` and the manual say the
// same in the same words.
//
// Marks      `this` is what is typed in a file; a reader who has no use for the marks takes them out (unmarked()).
#pragma once

#include <string>
#include <string_view>

#include "supervisor/config/keys.hpp"

namespace simplevisor::config {

// What the value may be, with its bounds: "integer, 1 to 100", "`true`, `false`".
[[nodiscard]] std::string value_text(const Key& key);

// One word for the form, for programs: "duration", "choice".
[[nodiscard]] std::string_view form_name(Form form);

[[nodiscard]] std::string unmarked(std::string_view text);

}  // namespace simplevisor::config
