// workers/dirq/locking.hpp
//
// The steps of taking: lock, read, renew, give back, remove. Private to the library.
//
// Order      remove drops the element before its lock, so that a done element is never free to lock.
// Errors     a negative errno; `lost_lock_errno` for a lock that is not ours any more.
#pragma once

#include <cstdint>
#include <string>

#include "workers/dirq/error.hpp"
#include "workers/dirq/lock.hpp"
#include "workers/dirq/name.hpp"

namespace simplevisor::dirq {

class Store;

inline constexpr int lost_lock_errno = 4096;  // beyond every errno of the kernel

// -EEXIST: locked by another. -ENOENT: not there. The token's descriptor, if it has one, is the caller's to close with
// close_lock(), at the latest before the element is removed.
int lock_element(Store& store, const ElementName& name, LockToken& token);
// A null `token`: the caller trusts itself.
int unlock_element(Store& store, const ElementName& name, const LockToken* token);
int remove_element(Store& store, const ElementName& name, const LockToken* token);
int touch_element(Store& store, const ElementName& name, LockToken* token);
int verify_lock(Store& store, const ElementName& name, const LockToken& token);

void close_lock(Store& store, LockToken& token) noexcept;

// With a `token` its descriptor is used up, and its size is believed. Without: by name.
Result<void> read_locked(Store& store, const ElementName& name, std::string& content, std::size_t bytes_max,
                         LockToken* token);
Result<std::uint64_t> element_size(Store& store, const ElementName& name);

// The outcome of `call` on an element as a Result.
Result<void> outcome(const Store& store, std::string_view call, const ElementName& name, int result);

}  // namespace simplevisor::dirq
