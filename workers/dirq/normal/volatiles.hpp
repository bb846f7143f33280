// workers/dirq/normal/volatiles.hpp
//
// The two directories of a normal queue that hold what is no element: TOP/temporary what is being added, TOP/obsolete
// what is being removed. Private to the library.
//
// Directories  made when the queue is opened, and again when somebody took them away.
// Retiring     a rename into obsolete is the one step with which an element, or an abandoned temporary, leaves its place:
//              whoever still works on it finds it gone, and never half of it.
// Errors       a negative errno.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "workers/dirq/error.hpp"

namespace simplevisor::dirq {

class Store;

inline constexpr const char* temporary_name = "temporary";
inline constexpr const char* obsolete_name = "obsolete";
inline constexpr const char* locked_name = "locked";

// One component below the other.
[[nodiscard]] std::string below(std::string_view directory, std::string_view name);

// Gives a directory a name that nothing else has. -EEXIST or -ENOTEMPTY: something has it.
int rename_directory(Store& store, int from_directory, const char* from, int to_directory, const char* to);

// Makes an empty directory in TOP/temporary. `temporary` is relative to TOP, as below.
int make_temporary(Store& store, std::string& temporary);
// Moves a directory into TOP/obsolete. -ENOENT: it is not there.
int retire(Store& store, int from_directory, const char* from, std::string& obsolete);
// Removes a directory of TOP/temporary or TOP/obsolete with all that is in it, lock and all. What is gone already is
// fine: others may clean up at the same time.
int destroy(Store& store, const std::string& directory);

// What is in TOP/`directory`, by names relative to TOP. Only what has the name of an element.
Result<std::vector<std::string>> list_volatile(Store& store, const char* directory);

}  // namespace simplevisor::dirq
