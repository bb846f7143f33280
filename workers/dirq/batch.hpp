// workers/dirq/batch.hpp
//
// Many adds that become durable together: their contents by one syncfs(2) (few of them: fdatasync each), and each
// directory by one fsync.
//
// Semantics  add() writes temporaries; commit() makes them durable as Options::durability says and publishes
//            them, in order. Before commit() nobody sees them; after it the caller may acknowledge all of
//            them.
// Errors     a failed add() adds nothing and leaves the rest of the batch as it was. A failed commit() tells
//            how many were published: those names are in `published`, the rest is gone from disk and the
//            caller still has it. None of them counts as durable then.
// Lifetime   what was not committed is removed by the destructor.
// Bounds     at most `elements_max`: each holds a descriptor until it is committed.
// Threads    those of its queue.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "workers/dirq/draft.hpp"
#include "workers/dirq/error.hpp"
#include "workers/dirq/name.hpp"

namespace simplevisor::dirq {

class Queue;
class Store;

class Batch {
 public:
  static constexpr std::size_t elements_max = 256;

  explicit Batch(Queue& queue);
  Batch(Batch&&) noexcept = default;
  Batch& operator=(Batch&&) = delete;
  Batch(const Batch&) = delete;
  Batch& operator=(const Batch&) = delete;
  ~Batch();

  [[nodiscard]] std::size_t size() const noexcept { return pending_.size(); }
  [[nodiscard]] bool full() const noexcept { return pending_.size() >= elements_max; }

  Result<void> add(std::string_view content);  // requires !full()
  Result<void> add(std::span<const std::string_view> parts);

  // Names in the order of the adds. The batch is empty afterwards, whatever happened.
  Result<void> commit(std::vector<ElementName>& published);

 private:
  std::shared_ptr<Store> store_;
  std::vector<Draft> pending_;
};

}  // namespace simplevisor::dirq
