// workers/dirq/options.hpp
//
// How a queue is opened, purged and described. The defaults are what every other implementation does.
//
// Threads    plain values.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "workers/dirq/name.hpp"

namespace simplevisor::dirq {

class System;

// What has reached the disk when an add returns. Removal is never synchronised: losing one makes a duplicate,
// not a loss.
enum class Durability : std::uint8_t {
  none,  // nothing: a power cut may lose the element or leave it empty (what every other implementation does)
  data,  // the content: no element is ever empty or half written, but a power cut may lose whole ones
  full,  // content and directory entry: the element survives a power cut
};

struct Options {
  // Of new files (0666 & ~umask) and directories (0777 & ~umask). Unset: the process's own umask.
  std::optional<mode_t> umask = std::nullopt;
  // Seconds of traffic per intermediate directory; 0 and 1 both mean one directory a second. Negative:
  // refused.
  std::chrono::seconds granularity{60};
  // Last digit of the names this object draws, 0..15. Unset: at random. Only lowers the chance of clashes.
  std::optional<unsigned> rndhex = std::nullopt;
  Durability durability = Durability::none;
  // Create the queue directory and its parents when missing; otherwise its absence is Errc::no_queue.
  bool create = true;
  // Compare the lock's time stamp before remove and unlock, so that a lock broken by a purge and taken by
  // another is noticed (Errc::lost_lock) instead of removed. One stat each.
  bool verify_locks = true;
  // Inode recycling: at most this many emptied files wait in TOP/.spare for the next add; 0 switches it off.
  // Needs the same option and the same user on both sides; see docs/decisions/dirq-recycling.md. At most
  // 65,536.
  std::size_t recycle = 0;
  std::size_t recycle_bytes_max = 65'536;  // larger elements are not recycled
  // The system calls; nullptr: the kernel's. Tests put their faults here. Must outlive the queue and its
  // locks.
  System* system = nullptr;
};

struct PurgeOptions {
  // Age from which temporaries are removed and locks are broken; 0 switches that half off.
  std::chrono::seconds maxtemp{300};
  std::chrono::seconds maxlock{600};
  // A lock whose inode changed less than this ago is left alone whatever its mtime says. This closes the
  // window in which a lock just taken still carries the old time stamp of its element. 0: the reference's
  // behaviour.
  std::chrono::seconds young_lock{2};
};

struct PurgeReport {
  std::size_t temporaries = 0;  // removed
  std::size_t locks = 0;        // broken
  std::size_t directories = 0;  // removed
};

// One element of a queue, as a listing sees it.
struct Entry {
  ElementName name;
  bool locked = false;
};

// The state of a queue as one listing sees it; not a snapshot: others work meanwhile.
struct QueueStat {
  std::size_t ready = 0;
  std::size_t locked = 0;
  std::size_t temporary = 0;
  std::size_t directories = 0;
  std::size_t spares = 0;
  // Of the name's time stamp, so it includes the time spent before a purge or a move of the clock.
  std::optional<std::chrono::seconds> oldest_age;
  // Elements present whose name falls within the last `rate_window`, per second: a lower bound of the rate of
  // adding, because elements taken meanwhile left no trace.
  double rate = 0.0;
  std::chrono::seconds rate_window{60};
};

}  // namespace simplevisor::dirq
