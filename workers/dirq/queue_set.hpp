// workers/dirq/queue_set.hpp
//
// Several queues, of either kind, browsed as one.
//
// Order      by the element part of the names: the oldest element of all queues comes first, whichever queue and
//            directory it is in. (Of python3-dirq's sets the order is that of the whole name, which for normal queues says
//            nothing about age.)
// Members    copies: browsing the set does not move the place of the queue it was given. One queue is in a set once, by
//            whatever path it was opened.
// Errors     `malformed` for a queue that is in the set already; else those of the member, whose message names it. The
//            next call goes on behind what could not be listed.
// Threads    those of its queues.
#pragma once

#include <cstddef>
#include <optional>
#include <variant>
#include <vector>

#include "workers/dirq/error.hpp"
#include "workers/dirq/name.hpp"
#include "workers/dirq/normal/queue.hpp"
#include "workers/dirq/queue.hpp"

namespace simplevisor::dirq {

class QueueSet {
 public:
  using Member = std::variant<Queue, NormalQueue>;

  struct Item {
    std::size_t member = 0;  // of queue()
    ElementName name;
  };

  // Both end the pass.
  Result<void> add(Member queue);
  bool remove(Queue::Identity identity);  // false: it was not in the set

  // For locking what was found. Valid until a queue is added or removed; requires member < size().
  [[nodiscard]] Member& queue(std::size_t member) noexcept { return places_[member].queue; }
  [[nodiscard]] std::size_t size() const noexcept { return places_.size(); }

  Result<std::size_t> count();
  Result<std::optional<Item>> first();  // a new pass
  Result<std::optional<Item>> next();   // nothing: the pass is over, or none was begun

 private:
  struct Place {
    Member queue;
    Queue::Identity identity;
    std::optional<ElementName> ahead{};  // the next element, when it is known
    bool begun = false;
    bool over = true;
  };

  static Result<void> look_ahead(Place& place);
  void end_pass() noexcept;

  std::vector<Place> places_;
};

}  // namespace simplevisor::dirq
