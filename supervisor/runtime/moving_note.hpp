// supervisor/runtime/moving_note.hpp
//
// Remembers, for the next supervisor, which bytes are on their way from a FIFO into a file: they are written first and taken then
// (intake.hpp), and whoever is killed in between leaves them in both. So nothing that is moved unseen is written twice.
//
// Where      in memory that outlives the process: a page below /dev/shm, named after the directory of the logs, removed at a
//            clean end. Not on the disk itself: that would be a write more for each, and one that may hang.
// Proof      the note alone takes nothing out of a FIFO: what it names must be in the file, and be what waits in the FIFO.
// Without    (no /dev/shm, somebody else's file in its place, a restart of the machine): up to 64 KiB may be there twice.
// Threads    one at a time.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>

namespace simplevisor::runtime {

class MovingNote {
 public:
  struct Move {
    std::uint64_t inode = 0;  // of the file
    std::uint64_t offset = 0;
    std::uint64_t bytes = 0;
  };

  MovingNote() = default;
  MovingNote(const MovingNote&) = delete;
  MovingNote& operator=(const MovingNote&) = delete;
  ~MovingNote();  // what is on its way stays noted

  // Of the logs in the directory `dir`.
  void open(int dir);
  // Nobody needs it any more.
  void remove();

  void begin(const Move& move);
  void end();

  // What an earlier supervisor was at when it was killed, until it is settled. Any: of any file; costs a comparison.
  [[nodiscard]] bool any() const { return earlier_.bytes > 0; }
  [[nodiscard]] std::optional<Move> of(ino_t inode) const;
  void settle();

 private:
  struct Slot {
    std::atomic<std::uint64_t> inode;
    std::atomic<std::uint64_t> offset;
    std::atomic<std::uint64_t> bytes;  // 0: nothing is on its way; written last

    void set(const Move& move);
    [[nodiscard]] Move get() const;
  };
  struct Page {
    Slot now;
    Slot earlier;  // until it is settled, for whoever comes after a second kill
  };

  std::string name_;
  Page* page_ = nullptr;
  Move earlier_{};
};

}  // namespace simplevisor::runtime
