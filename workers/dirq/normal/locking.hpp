// workers/dirq/normal/locking.hpp
//
// The steps of taking from a normal queue: lock, read, renew, give back, remove. Private to the library.
//
// Lock       a directory E/locked in the element E. Making it sets E's time, which is the age of the lock. It is ours as
//            long as it is the directory we made: the same inode, made at the same moment.
// Links      the element is opened, and everything done below that: a symbolic link in its place is never followed.
// Errors     a negative errno; `lost_lock_errno` for a lock that is not ours any more.
#pragma once

#include <sys/stat.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "workers/dirq/error.hpp"
#include "workers/dirq/locking.hpp"
#include "workers/dirq/name.hpp"
#include "workers/dirq/normal/lock.hpp"
#include "workers/dirq/normal/schema.hpp"

namespace simplevisor::dirq {

class Store;

// -EEXIST: locked by another. -ENOENT: not there.
int lock_element(Store& store, const ElementName& name, NormalToken& token);
// A null `token`: the caller trusts itself; -ENOENT when there is no lock.
int verify_lock(Store& store, const ElementName& name, const NormalToken* token);
int unlock_element(Store& store, const ElementName& name, const NormalToken* token);
int touch_element(Store& store, const ElementName& name, const NormalToken* token);
// Done once the element has left its directory: what remains to be cleaned up is nobody's loss, and a purge's task.
int remove_element(Store& store, const ElementName& name, const NormalToken* token);

// 1, or 0.
int is_locked(Store& store, const ElementName& name);
// Unlocks when the lock was taken before `limit`. 1: it was. A lock renewed, or given back and taken again, meanwhile
// has another time, and is left alone.
int break_lock(Store& store, const ElementName& name, const timespec& limit);

// The files of an element, but for its lock, sorted.
Result<std::vector<std::string>> list_fields(Store& store, const ElementName& name);
Result<std::uint64_t> fields_size(Store& store, const ElementName& name);
// Both need the lock. `bytes_max` is for all fields together.
Result<Element> read_element(Store& store, const Schema& schema, const ElementName& name,
                             const NormalToken* token, std::size_t bytes_max);
Result<std::string> read_field(Store& store, const ElementName& name, const std::string& field,
                               const NormalToken* token, std::size_t bytes_max);

}  // namespace simplevisor::dirq
