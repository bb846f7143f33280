// supervisor/runtime/intake.hpp
//
// What workers print, on its way out of their FIFOs: shown first, and taken only when it is written, or dropped.
//
// Two steps  splice(2) from a FIFO straight into a file holds the FIFO's lock for as long as the write takes. On a disk that
//            does not answer a worker that prints would wait for that lock, where not even SIGKILL ends it, and nobody else
//            could empty the FIFO. So what waits is shown in a pipe of our own (tee(2) copies no bytes), written from there, and
//            then taken. A kill between writing and taking makes the next supervisor write it again: moving_note.hpp prevents it
//            where bytes are moved unseen.
// Drops      what is in a full FIFO, up to the last end of line, so that the rest begins with a line. May happen while the
//            capture thread is held up between showing and taking. Then what was shown last and has been written does not
//            count as lost, and is not taken a second time.
// Threads    show, look, take, clear and interrupted: the capture thread. The others: any.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <mutex>
#include <string_view>
#include <unordered_map>

#include "supervisor/runtime/fifo.hpp"
#include "supervisor/runtime/unique_fd.hpp"

namespace simplevisor::runtime {

class Intake {
 public:
  using Clock = std::chrono::steady_clock;
  static constexpr std::size_t bytes_max = FifoPeek::bytes_max;  // at once

  // 0, or the errno of what could not be had. Before anything else; again does no harm.
  int make();

  // Shows up to `bytes` (at most `bytes_max`) of what waits: how many wait in pipe() now, 0 when there are none, or an errno.
  std::expected<std::size_t, int> show(int fifo, std::size_t bytes);
  [[nodiscard]] int pipe() const { return shown_.read_end(); }
  void clear() { shown_.clear(); }
  // The same in memory, valid until the next call.
  std::expected<std::string_view, int> look(int fifo);
  // The first `bytes` of what was shown last are written. Returns 0 or an errno.
  int take(int fifo, std::size_t bytes);
  // Whether something has been dropped of the FIFO that was shown last.
  [[nodiscard]] bool interrupted() const { return interrupted_; }

  // Drops what is in a FIFO into which nothing more fits; returns whether it was so.
  bool drop_if_full(int fifo);

  struct Loss {
    std::size_t bytes = 0;
    Clock::time_point since{};
  };
  // Of any FIFO: costs a load.
  [[nodiscard]] bool lossy() const { return lossy_.load(std::memory_order_acquire); }
  [[nodiscard]] Loss loss_of(int fifo);
  void told(int fifo, std::size_t bytes);  // that they were lost
  void forget(int fifo);                   // it is about to be closed

  // How often the capture thread has got on.
  void beat() { beats_.store(beats() + 1, std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t beats() const { return beats_.load(std::memory_order_relaxed); }

 private:
  int discard(int fifo, std::size_t bytes);
  void reckon(int fifo, std::size_t dropped);
  void credit(int fifo, std::size_t bytes);

  FifoPeek shown_;  // the capture thread's
  bool interrupted_ = false;
  UniqueFd null_;
  std::atomic<std::uint64_t> beats_ = 0;
  std::atomic<bool> lossy_ = false;

  std::mutex mutex_;  // what follows; never held while a disk is waited for
  FifoPeek dropped_;
  int shown_last_ = -1;
  std::size_t dropped_since_ = 0;  // of `shown_last_`
  std::unordered_map<int, Loss> losses_;
};

}  // namespace simplevisor::runtime
