// workers/dirq/moving.hpp
//
// Moves a locked element to another queue, or out of every queue. Private to the library.
//
// Atomic     one rename that cannot replace anything, then the lock is removed. Killed in between, a lock
//            without an element stays, which a purge removes.
#pragma once

#include <string>
#include <string_view>

#include "workers/dirq/error.hpp"
#include "workers/dirq/lock.hpp"
#include "workers/dirq/name.hpp"

namespace simplevisor::dirq {

class Store;

// Errc::cross_device: the target is on another filesystem, nothing was done.
Result<ElementName> move_element(Store& store, const ElementName& name, const LockToken& token,
                                 Store& target);
Result<std::string> quarantine_element(Store& store, const ElementName& name, const LockToken& token,
                                       std::string_view reason);

// The step behind it, for elements of either kind: `rename` moves the element, which has been verified, to a free name
// below TOP/corrupt. The lock is the caller's. Returns the path.
using Rename = int(Store& store, int from_directory, const char* from, int to_directory, const char* to);
Result<std::string> put_aside(Store& store, const ElementName& name, std::string_view reason, Rename& rename);

}  // namespace simplevisor::dirq
