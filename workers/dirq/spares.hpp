// workers/dirq/spares.hpp
//
// The pool of emptied files that wait in TOP/.spare for the next add. On ext4 making an inode costs many
// times more than all else an add does, and this avoids it. Private to the library; why it is safe:
// docs/decisions/ dirq-recycling.md.
//
// Layout     .spare/NNNN                a spare in one of `Options::recycle` slots, which bounds the pool
//            .spare/EEEEEEEEEEEEEE.tmp  a spare somebody is writing to
// Peers      see nothing: they ignore names of TOP that are not eight hexadecimal digits.
// Claiming   by rename, which one of several competitors wins.
// A spare    is a regular file that carries our mark (so it was made by add(), never by add_path), has our
//            owner, the group and mode a new file would get, one link, no content, and is open nowhere else:
//            the kernel grants a write lease on it. Whatever is not like that is deleted instead of used.
// Errors     none: what does not work makes the queue behave as without a pool.
#pragma once

#include <sys/stat.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "workers/dirq/draft.hpp"
#include "workers/dirq/name.hpp"

namespace simplevisor::dirq {

class Store;

class Spares {
 public:
  static constexpr std::size_t slots_max = 65'536;
  static constexpr const char* directory_name = ".spare";

  explicit Spares(Store& store) noexcept;
  Spares(const Spares&) = delete;
  Spares& operator=(const Spares&) = delete;
  ~Spares();

  // Marks a file that add() has just made.
  void mark(int descriptor);

  // In place of unlinking the locked element `name`, whose inode is `status`, found in `directory`: moves it
  // into a free slot. Nothing: there is none, or it does not qualify, and the caller unlinks. The slot must
  // be given to settle() once the lock is removed.
  std::optional<std::uint32_t> keep(int directory, const ElementName& name, const struct stat& status);
  void settle(std::uint32_t slot);

  // A spare, open for writing, to be published in `directory`. Nothing: make a file.
  std::optional<Draft> take(std::uint32_t directory);

  // The pool's directory, for publishing and removing drafts; -1 while there is none.
  [[nodiscard]] int descriptor() const noexcept { return directory_; }

 private:
  bool open(bool create);
  bool reopen_if_deleted();
  bool usable(int descriptor, struct stat& status);
  void refill();
  std::optional<Draft> claim(std::uint32_t slot, std::uint32_t directory);
  void close() noexcept;

  Store& store_;
  int directory_ = -1;
  bool off_ = false;                  // the filesystem lacks what we need
  std::vector<std::uint32_t> found_;  // slots seen occupied, to be tried
  std::uint32_t cursor_;              // where a free slot is looked for next
  unsigned removes_to_skip_ = 0;      // after the pool was found full
  unsigned adds_to_skip_ = 0;         // after it was found empty
};

// How many spares are in the pool below `top`, and removal of writing ones older than `before`.
struct SparesSeen {
  std::vector<std::uint32_t> slots;
  std::size_t abandoned = 0;  // removed
};
SparesSeen survey_spares(Store& store, std::int64_t before_seconds);

}  // namespace simplevisor::dirq
