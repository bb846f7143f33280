// supervisor/runtime/logs/compressed_lines.hpp
//
// The last lines of a gzip file, which can only be read from its beginning.
//
// Memory     a block, the decompressor (about 40 KiB), one line, and what `keep` holds on to. Lines longer than
//            `line_bytes_shown_max` are cut. Errors: a damaged file ends where the damage begins.
// Threads    any.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

namespace simplevisor::runtime::logs {

// Calls `take` with each line, without its end of line, until it returns false. Returns how many bytes were unpacked.
std::uint64_t for_each_line(int gzip_file, const std::function<bool(std::string& line)>& take);

}  // namespace simplevisor::runtime::logs
