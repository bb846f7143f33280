// supervisor/runtime/rotation.hpp
//
// Makes room for a new log file: NAME becomes NAME.1, NAME.1 becomes NAME.2, and so on up to NAME.<files>,
// whose former contents are the only ones given up. Any of them but NAME may be there as NAME.<number>.gz instead.
//
// Kill       between two renames leaves a gap in the numbers, which the next rotation closes before it gives
//            up anything.
#pragma once

#include <functional>
#include <string>

namespace simplevisor::runtime {

using RenameCall = std::function<int(int dir, const char* from, const char* to)>;

// `files` zero: NAME is removed. Returns 0, or the errno of the rename that failed; NAME is then still there.
int rotate_files(const RenameCall& rename, int dir, const std::string& name, unsigned files);

}  // namespace simplevisor::runtime
