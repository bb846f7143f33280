// supervisor/runtime/gzip_file.hpp
//
// Compresses a file into another.
//
// Memory     about 300 KiB. Threads: any.
#pragma once

#include <functional>

namespace simplevisor::runtime {

// Writes all of `from` to `to`, which is empty, and syncs it. Asks `go_on` after each block. Returns 0, ECANCELED, or the
// errno of what failed.
int gzip_file(int from, int to, const std::function<bool()>& go_on);

}  // namespace simplevisor::runtime
