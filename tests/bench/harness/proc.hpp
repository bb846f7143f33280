// tests/bench/harness/proc.hpp
//
// What /proc says about processes: who descends from whom, and what they use.
//
// Errors   a process that ends while it is looked at counts as nothing; /proc is taken to be there.
// Threads  functions without state.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <set>
#include <vector>

namespace simplevisor::bench {

// All processes below `root`, without it, zombies included.
std::vector<pid_t> descendants(pid_t root);

struct Usage {
  std::size_t processes = 0;
  std::chrono::nanoseconds cpu{0};  // of all threads, ended ones included; to the nanosecond, not in ticks
  std::uint64_t switches = 0;  // context switches of the threads that live: how often it was woken, at least
  std::uint64_t rss_kib = 0;
  std::uint64_t pss_kib = 0;  // resident, with shared pages divided among those who share them
};

Usage usage_of(const std::vector<pid_t>& pids);

// `usage_of` with CPU time alone, which is cheap enough to be asked around every event.
std::chrono::nanoseconds cpu_time_of(const std::vector<pid_t>& pids);

// `all` without `without`.
std::vector<pid_t> difference(std::vector<pid_t> all, const std::set<pid_t>& without);

}  // namespace simplevisor::bench
