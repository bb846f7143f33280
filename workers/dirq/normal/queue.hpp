// workers/dirq/normal/queue.hpp
//
// A directory queue of the normal kind: each element is a directory with a file for each of its fields. Any number of
// processes, of ours and of the Perl and Python libraries, add to it and take from it at the same time.
//
// Semantics  docs/decisions/dirq-normal.md: layout, names, modes, ages and the order of system calls are theirs. An
//            element appears by one rename, with all its fields; a lock is a directory in it.
// Order      best-effort first in, first out.
// Errors     Result, error.hpp. `busy` and `gone` are what lock() and its like meet in normal life; `malformed` is an
//            element that does not fit the schema.
// Threads    a queue and its locks belong to one thread at a time; threads and processes open a queue each.
// Ownership  NormalQueue and NormalLock share what they need: any of them may be destroyed first. Copies of a queue share
//            the directories that are open, and browse independently.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "workers/dirq/browsing.hpp"
#include "workers/dirq/error.hpp"
#include "workers/dirq/name.hpp"
#include "workers/dirq/normal/lock.hpp"
#include "workers/dirq/normal/schema.hpp"
#include "workers/dirq/normal/writing.hpp"
#include "workers/dirq/options.hpp"
#include "workers/dirq/queue.hpp"

namespace simplevisor::dirq {

struct NormalOptions {
  // Needed by add() and get() only.
  Schema schema{};
  // As in Options.
  std::optional<mode_t> umask = std::nullopt;
  std::optional<unsigned> rndhex = std::nullopt;
  Durability durability = Durability::none;
  // Make the queue, TOP/temporary and TOP/obsolete when missing.
  bool create = true;
  System* system = nullptr;
  // Elements in one intermediate directory, about; at least 1. Several writers may exceed it by a little.
  std::size_t elements_max = 16'000;
};

class NormalQueue {
 public:
  using Identity = Queue::Identity;

  static Result<NormalQueue> open(std::string path, NormalOptions options = {});

  [[nodiscard]] const std::string& path() const noexcept;
  [[nodiscard]] const Schema& schema() const noexcept { return *schema_; }
  [[nodiscard]] Identity identity() const noexcept;

  // Visible, and as durable as the options say, when it returns. After an error nothing was added and nothing is left
  // behind. `malformed`: `element` does not fit the schema.
  Result<ElementName> add(const Element& element);

  // Taking. lock() fails with `busy` or `gone` when another was faster.
  Result<NormalLock> lock(const ElementName& name);
  // The next element that nobody has locked. Nothing: the pass is over; the next call begins a new one. It moves the
  // same place in the queue as first() and next().
  Result<std::optional<NormalLock>> take();
  // Elements that could not be locked stop nobody: of the pass of take() that ended last.
  [[nodiscard]] const PassedBy& passed_by() const noexcept { return passed_by_; }

  // The same by name, for those who keep track of their locks themselves; get() and remove() fail with `gone` when the
  // element is not locked.
  Result<Element> get(const ElementName& name, std::size_t bytes_max = get_bytes_max);
  Result<void> unlock(const ElementName& name);  // anybody's lock
  Result<void> remove(const ElementName& name);
  Result<void> touch(const ElementName& name);          // renews a lock
  Result<std::uint64_t> size(const ElementName& name);  // of all its files

  // Moves a locked element out of the way, to TOP/corrupt/DDDDDDDD-EEEEEEEEEEEEEE, with `reason` beside it in a file of
  // the same name and the suffix .reason. Returns the path. The lock is used up on success.
  Result<std::string> quarantine(NormalLock& lock, std::string_view reason);

  // Looking. All elements are seen, locked or not.
  Result<std::size_t> count();
  Result<std::optional<ElementName>> first();  // a new pass, oldest first
  Result<std::optional<ElementName>> next();   // nothing: the pass is over
  Result<std::vector<Entry>> list();           // one pass, sorted
  Result<QueueStat> stat();  // `temporary` counts what is being added and what is being removed

  // Removes what is old in TOP/temporary and TOP/obsolete, breaks old locks, removes empty directories but the last.
  // `young_lock` has no meaning here: making a lock and setting its time is one step.
  Result<PurgeReport> purge(const PurgeOptions& options = {});

 private:
  NormalQueue(std::shared_ptr<Store> store, NormalOptions options);

  std::shared_ptr<Store> store_;
  std::shared_ptr<const Schema> schema_;
  InsertionPlace place_;
  Pass pass_;
  bool taking_ = false;  // in the middle of a pass of take()
  PassedBy now_;         // in that one
  PassedBy passed_by_;
};

}  // namespace simplevisor::dirq
