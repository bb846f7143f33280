// tests/bench/dirq/race.hpp
//
// Runs some processes at the same time and measures how long they need together: from the moment all of them are ready
// and released to the moment the last has ended; and the processor time they use, which other work on the machine
// hardly changes.
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace simplevisor::bench {

struct Took {
  double seconds = 0;
  double processor_seconds = 0;  // user and system, of all of them, from their start on
};

// What a process does; `released` blocks until all are ready. Runs in a child of its own.
using Runner = std::function<void(const std::function<void()>& released, int index)>;

// Throws std::runtime_error when a process failed.
Took race(int processes, const Runner& runner);

// The same for a program that writes a byte to its standard output when it is ready and then waits for one byte on
// its standard input.
Took race(int processes, const std::vector<std::string>& command);

double median(std::vector<double> values);

}  // namespace simplevisor::bench
