/* tests/bench/beacon.h
 *
 * What a worker tells the harness when it starts: one write of sixteen bytes to a FIFO, which is atomic.
 * Shared by worker.c (freestanding C) and the harness (C++).
 */
#ifndef SIMPLEVISOR_BENCH_BEACON_H
#define SIMPLEVISOR_BENCH_BEACON_H

#include <stdint.h>

struct simplevisor_beacon {
  int64_t sent_ns; /* CLOCK_MONOTONIC, read by the worker just before it writes */
  int32_t pid;
  int32_t id; /* as told on the command line; unique within a run, and kept by a restarted worker */
};

#endif
