// tests/bench/dirq/contenders.hpp
//
// Who is measured: the bare system calls, the library in its modes, and Debian's python3-dirq.
#pragma once

#include <cstddef>
#include <string>

#include "tests/bench/dirq/race.hpp"

namespace simplevisor::bench {

enum class Contender { raw, library, recycling, python };

struct Work {
  std::string queue;
  std::size_t size = 0;
  long elements = 0;  // in all, shared by the processes
  int processes = 1;
};

// Taking ends when the queue is empty; throws std::runtime_error when elements are missing or left.
Took add(Contender contender, const Work& work);
Took take(Contender contender, const Work& work);

// One process that adds 100 and takes 100 in turn: the steady state of a queue that is kept short.
Took through(Contender contender, const Work& work);

bool python_available();

}  // namespace simplevisor::bench
