// workers/dirq/browsing.hpp
//
// Looking through a queue of either kind: their directories are alike. Private to the library.
//
// Threads    those of the queue.
#pragma once

#include <cstddef>
#include <cstdint>
#include <ctime>
#include <optional>
#include <vector>

#include "workers/dirq/error.hpp"
#include "workers/dirq/name.hpp"
#include "workers/dirq/options.hpp"

namespace simplevisor::dirq {

class Store;

// A place in a queue that is browsed from its oldest element to its newest. Directories are listed when they are come
// to: what was added to a later one meanwhile is seen.
class Pass {
 public:
  Result<std::optional<ElementName>> first(Store& store);
  Result<std::optional<ElementName>> next(Store& store);  // nothing: the pass is over

 private:
  std::vector<std::uint32_t> directories_;  // newest first
  std::vector<ElementName> elements_;       // of the present directory, newest first
};

Result<std::size_t> count_queue(Store& store);

// Adds up what `entries` say about the state of their queue.
void describe(QueueStat& stat, const std::vector<Entry>& entries, const timespec& now);

}  // namespace simplevisor::dirq
