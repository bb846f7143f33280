// workers/dirq/normal/purge.hpp
//
// Removes what crashed writers and takers left in a normal queue. Private to the library; the interface is
// NormalQueue::purge.
//
// Unlike     python3-dirq's, it leaves alone what somebody may be at work on: temporaries that are not old.
#pragma once

#include "workers/dirq/error.hpp"
#include "workers/dirq/options.hpp"

namespace simplevisor::dirq {

class Store;

Result<PurgeReport> purge_normal(Store& store, const PurgeOptions& options);

}  // namespace simplevisor::dirq
