// workers/dirq/normal/table.hpp
//
// The text form of a field of type `table`, and the check that text is UTF-8.
//
// Form       one line for each key, sorted: key TAB value LF. A backslash, a TAB and an LF inside are written as \\, \t
//            and \n; nothing else is escaped. An empty table is an empty file.
// Reading    accepts what either of the Perl and Python libraries does: blank lines at the beginning and the end, a last
//            line without LF, any other backslash as itself; of equal keys the last one counts.
// Errors     `malformed`, with the number of the line.
// Threads    plain functions.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "workers/dirq/error.hpp"

namespace simplevisor::dirq {

using Table = std::map<std::string, std::string, std::less<>>;

[[nodiscard]] std::string encode_table(const Table& table);
[[nodiscard]] Result<Table> decode_table(std::string_view text);

// Strictly: no overlong forms, no surrogates, nothing above U+10FFFF.
[[nodiscard]] bool is_utf8(std::string_view text) noexcept;

}  // namespace simplevisor::dirq
