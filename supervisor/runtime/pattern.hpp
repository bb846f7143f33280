// supervisor/runtime/pattern.hpp
//
// Which nodes an administrator means: a path, the unique end of one, or a glob.
//
// Semantics  without any of * ? [ : the whole path, or its last parts ("send-a", "broker-a/send-a"). With one of
//            them: a glob over whole paths, where * and ? stay within a part and ** crosses parts.
// Threads    pure functions.
#pragma once

#include <string_view>

namespace simplevisor::runtime {

[[nodiscard]] bool is_glob(std::string_view pattern);
[[nodiscard]] bool glob_matches(std::string_view pattern, std::string_view path);

// Whether `path` ends in `pattern`, at a boundary between parts.
[[nodiscard]] bool ends_in(std::string_view path, std::string_view pattern);

}  // namespace simplevisor::runtime
