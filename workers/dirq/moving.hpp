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

}  // namespace simplevisor::dirq
