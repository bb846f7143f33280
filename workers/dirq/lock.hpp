// workers/dirq/lock.hpp
//
// One element, locked by us.
//
// Lifetime   destroying an armed lock unlocks: the element is there for the next taker. remove(), unlock(),
//            release(), Queue::move and Queue::quarantine disarm it. A failed call leaves it armed, except
//            with `lost_lock` and `gone`, after which there is nothing left to undo.
// Age        others break a lock once it is older than *their* maximum, 300 s with the Perl defaults: whoever
//            holds one longer than about 100 s calls touch() at least that often.
// Lost lock  a broken lock may have been taken by another. Each call that changes something first compares
//            the time stamp the lock was taken with; when it differs nothing is changed and the call fails
//            with `lost_lock`. The element is then delivered twice, and never lost.
// Descriptor a fresh lock may hold one until get(), so that taking costs no more than it must; a queue has at
//            most 16 of them, further locks have none.
// Threads    those of its queue.
#pragma once

#include <sys/stat.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "workers/dirq/error.hpp"
#include "workers/dirq/name.hpp"

namespace simplevisor::dirq {

class Store;

inline constexpr std::size_t get_bytes_max = std::size_t{1} << 30U;

// What the inode of a lock looked like when we took it. The modification time, not the change time: a writer
// that publishes by link and unlink changes the latter under a lock that is already held.
struct LockToken {
  int descriptor = -1;  // the lock, open for reading until get(); -1: it is opened then
  std::uint64_t inode = 0;
  std::uint64_t size = 0;
  timespec taken{};
};

class Lock {
 public:
  Lock(Lock&&) noexcept;
  Lock& operator=(Lock&&) noexcept;
  Lock(const Lock&) = delete;
  Lock& operator=(const Lock&) = delete;
  ~Lock();

  [[nodiscard]] const ElementName& name() const noexcept { return name_; }
  [[nodiscard]] bool armed() const noexcept { return store_ != nullptr; }

  // The calls below require armed().
  [[nodiscard]] Result<std::string> get(std::size_t bytes_max = get_bytes_max) const;
  // The same into a buffer that is used again and again; replaces its content.
  Result<void> get(std::string& content, std::size_t bytes_max = get_bytes_max) const;
  // A file that may be read while the lock is held, and must not be changed or removed.
  [[nodiscard]] std::string path() const;
  [[nodiscard]] Result<std::uint64_t> size() const;

  Result<void> touch();   // renews its age
  Result<void> verify();  // is it still ours?
  Result<void> remove();  // the element is done with
  Result<void> unlock();  // the element is for somebody else

  // Leaves the lock on disk and forgets it.
  ElementName release() noexcept;

 private:
  friend class Queue;
  friend class Taker;
  Lock(std::shared_ptr<Store> store, ElementName name, LockToken token) noexcept;
  Result<void> settle(Result<void> outcome);
  void give_back() noexcept;
  void close() noexcept;

  std::shared_ptr<Store> store_;
  ElementName name_;
  mutable LockToken token_;  // its descriptor is a cache
};

}  // namespace simplevisor::dirq
