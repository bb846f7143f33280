// workers/dirq/purge.hpp
//
// Removes what crashed writers and takers left behind. Private to the library; the interface is Queue::purge.
//
// Ages       the modification time against the local clock: an element and its lock share an inode, and
//            locking sets the time.
#pragma once

#include "workers/dirq/error.hpp"
#include "workers/dirq/options.hpp"

namespace simplevisor::dirq {

class Store;

Result<PurgeReport> purge_store(Store& store, const PurgeOptions& options);

}  // namespace simplevisor::dirq
