// workers/dirq/queue.hpp
//
// A directory queue of the simple kind: each element is one file, all state is directory entries, and any
// number of processes, of any implementation, add to it and take from it at the same time.
//
// Semantics  docs/decisions/dirq-semantics.md: layout, order of system calls, modes, ages and names are those
//            of the Perl, Python, C and Java implementations. An element is published by a call that cannot
//            replace another, after its content is complete; a lock is a second link with the suffix .lck.
// Content    bytes; empty elements are legal.
// Order      best-effort first in, first out.
// Errors     Result, error.hpp. `busy` and `gone` are what lock() and its like meet in normal life.
// Threads    a queue, its locks and its batches belong to one thread at a time. Threads and processes that
//            work on the same directory open a queue each.
// Ownership  Queue, Lock, Batch and Taker share what they need: any of them may be destroyed first.
// Directory  kept open: a queue directory that is renamed is followed, one that is deleted is looked up again
//            by path.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "workers/dirq/browsing.hpp"
#include "workers/dirq/error.hpp"
#include "workers/dirq/lock.hpp"
#include "workers/dirq/name.hpp"
#include "workers/dirq/options.hpp"

namespace simplevisor::dirq {

class Store;

class Queue {
 public:
  // What a queue is when its path is not to be trusted: two paths to one directory have equal identities.
  struct Identity {
    std::uint64_t device = 0;
    std::uint64_t inode = 0;
    friend bool operator==(const Identity&, const Identity&) = default;
  };

  static Result<Queue> open(std::string path, Options options = {});

  [[nodiscard]] const std::string& path() const noexcept;
  [[nodiscard]] const Options& options() const noexcept;
  [[nodiscard]] Identity identity() const noexcept;

  // Adding. The element is visible, and as durable as Options::durability says, when these return. After an
  // error nothing was added and nothing is left behind.
  Result<ElementName> add(std::string_view content);
  Result<ElementName> add(std::span<const std::string_view> parts);  // one element, in pieces
  Result<ElementName> add_from(int descriptor);                      // read to its end
  // Turns an existing file of the same filesystem into an element. Its path disappears; its owner, mode and
  // time stay.
  Result<ElementName> add_path(const std::string& file);

  // Taking. lock() fails with `busy` or `gone` when another was faster.
  Result<Lock> lock(const ElementName& name);

  // The same by name, for those who keep track of their locks themselves; nothing is verified.
  // get() reads through the lock and fails with `gone` when the element is not locked.
  Result<std::string> get(const ElementName& name, std::size_t bytes_max = get_bytes_max);
  [[nodiscard]] std::string get_path(const ElementName& name) const;  // may be read, must not be removed
  Result<void> unlock(const ElementName& name);                       // anybody's lock
  Result<void> remove(const ElementName& name);
  Result<void> touch(const ElementName& name);  // renews a lock
  Result<std::uint64_t> size(const ElementName& name);

  // Moves a locked element to another queue. On one filesystem this is one atomic step, so at no moment is
  // the element lost or in both; between filesystems it is copied first and removed afterwards: killed in
  // between, both have it. The lock is used up on success.
  Result<ElementName> move(Lock& lock, Queue& target);

  // Moves a locked element out of the way, to TOP/corrupt/DDDDDDDD-EEEEEEEEEEEEEE, with `reason` beside it in
  // a file of the same name and the suffix .reason. Returns the path. The lock is used up on success.
  Result<std::string> quarantine(Lock& lock, std::string_view reason);

  // Looking. All elements are seen, locked or not; .tmp never.
  Result<std::size_t> count();
  Result<std::optional<ElementName>> first();  // a new pass, oldest first
  Result<std::optional<ElementName>> next();   // nothing: the pass is over
  Result<std::vector<Entry>> list();           // one pass, sorted
  Result<QueueStat> stat();

  // Removes old temporaries, breaks old locks, removes empty directories but the last.
  Result<PurgeReport> purge(const PurgeOptions& options = {});

 private:
  friend class Batch;
  friend class Taker;
  explicit Queue(std::shared_ptr<Store> store);
  Result<std::vector<Entry>> list(QueueStat& stat);

  std::shared_ptr<Store> store_;
  Pass pass_;
};

}  // namespace simplevisor::dirq
