// workers/dirq/normal/lock.hpp
//
// One element of a normal queue, locked by us. What lock.hpp says of a Lock about lifetime, age and lost locks holds.
//
// Lifetime   destroying an armed lock unlocks. remove(), unlock(), release() and NormalQueue::quarantine disarm it; so do
//            failures with `lost_lock` and `gone`, after which there is nothing left to undo.
// Threads    those of its queue.
#pragma once

#include <sys/stat.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "workers/dirq/error.hpp"
#include "workers/dirq/lock.hpp"
#include "workers/dirq/name.hpp"
#include "workers/dirq/normal/schema.hpp"

namespace simplevisor::dirq {

class Store;

// The directory that is the lock, as it was when we made it. Not the element's own time: others may renew that.
struct NormalToken {
  std::uint64_t inode = 0;
  timespec made{};
};

class NormalLock {
 public:
  NormalLock(NormalLock&&) noexcept = default;
  NormalLock& operator=(NormalLock&&) noexcept;
  NormalLock(const NormalLock&) = delete;
  NormalLock& operator=(const NormalLock&) = delete;
  ~NormalLock();

  [[nodiscard]] const ElementName& name() const noexcept { return name_; }
  [[nodiscard]] bool armed() const noexcept { return store_ != nullptr; }

  // The calls below require armed().

  // What the queue's schema names; other files are passed over. `malformed`: a mandatory field is missing, or a field
  // does not hold what its type says. `bytes_max` is for all fields together.
  [[nodiscard]] Result<Element> get(std::size_t bytes_max = get_bytes_max) const;
  // Without a schema: the names of all files, sorted, and the bytes of one.
  [[nodiscard]] Result<std::vector<std::string>> fields() const;
  [[nodiscard]] Result<std::string> get_field(const std::string& field,
                                              std::size_t bytes_max = get_bytes_max) const;

  Result<void> touch();   // renews its age
  Result<void> verify();  // is it still ours?
  Result<void> remove();  // the element is done with
  Result<void> unlock();  // the element is for somebody else

  // Leaves the lock on disk and forgets it.
  ElementName release() noexcept;

 private:
  friend class NormalQueue;
  NormalLock(std::shared_ptr<Store> store, std::shared_ptr<const Schema> schema, ElementName name,
             NormalToken token) noexcept;
  Result<void> settle(Result<void> outcome);
  void give_back() noexcept;

  std::shared_ptr<Store> store_;
  std::shared_ptr<const Schema> schema_;
  ElementName name_;
  NormalToken token_;
};

}  // namespace simplevisor::dirq
