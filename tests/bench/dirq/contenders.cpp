// tests/bench/dirq/contenders.cpp
#include "tests/bench/dirq/contenders.hpp"

#include <unistd.h>

#include <algorithm>
#include <stdexcept>
#include <vector>

#include "tests/bench/dirq/race.hpp"
#include "tests/bench/dirq/raw.h"
#include "workers/dirq/queue.hpp"
#include "workers/dirq/taker.hpp"

namespace simplevisor::bench {

namespace {

constexpr const char* python = "/usr/bin/python3";
constexpr long turn = 100;

constexpr const char* python_add = R"(
import sys, os
from dirq.QueueSimple import QueueSimple
queue = QueueSimple(sys.argv[1]); data = b"x" * int(sys.argv[2])
os.write(1, b"r"); os.read(0, 1)
for i in range(int(sys.argv[3])): queue.add(data)
)";

constexpr const char* python_take = R"(
import sys, os
from dirq.QueueSimple import QueueSimple
queue = QueueSimple(sys.argv[1])
os.write(1, b"r"); os.read(0, 1)
name = queue.first()
while name:
    if queue.lock(name):
        queue.get(name)
        queue.remove(name)
    name = queue.next()
)";

template <class T>
T checked(dirq::Result<T> result) {
  if (!result) throw std::runtime_error(result.error().message);
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

dirq::Queue open_queue(Contender contender, const Work& work) {
  dirq::Options options;
  // A pool that holds a whole round: what is measured is adding to a queue whose takers have fed the pool.
  if (contender == Contender::recycling) options.recycle = 16'384;
  return checked(dirq::Queue::open(work.queue, options));
}

void take_all(dirq::Taker& taker, std::string& buffer) {
  for (;;) {
    auto lock = checked(taker.next());
    if (!lock) return;
    checked(lock->get(buffer));
    checked(lock->remove());
  }
}

void expect_count(const Work& work, std::size_t expected) {
  auto queue = checked(dirq::Queue::open(work.queue));
  const std::size_t count = checked(queue.count());
  if (count != expected) {
    throw std::runtime_error(work.queue + ": " + std::to_string(count) + " elements in place of " +
                             std::to_string(expected));
  }
}

}  // namespace

bool python_available() {
  return ::access("/usr/lib/python3/dist-packages/dirq/QueueSimple.py", R_OK) == 0;
}

Took add(Contender contender, const Work& work) {
  const std::string content(work.size, 'x');
  const long share = work.elements / work.processes;
  Took took;
  switch (contender) {
    case Contender::raw:
      took = race(work.processes, [&](const auto& released, int) {
        released();
        raw_add(work.queue.c_str(), content.data(), content.size(), share);
      });
      break;
    case Contender::library:
    case Contender::recycling:
      took = race(work.processes, [&](const auto& released, int) {
        dirq::Queue queue = open_queue(contender, work);
        released();
        for (long i = 0; i < share; ++i) checked(queue.add(content));
      });
      break;
    case Contender::python:
      took = race(work.processes,
                  {python, "-c", python_add, work.queue, std::to_string(work.size), std::to_string(share)});
      break;
  }
  expect_count(work, static_cast<std::size_t>(share * work.processes));
  return took;
}

Took take(Contender contender, const Work& work) {
  Took took;
  switch (contender) {
    case Contender::raw:
      took = race(work.processes, [&](const auto& released, int) {
        std::string buffer(work.size + 1, '\0');
        released();
        raw_take(work.queue.c_str(), buffer.data(), buffer.size());
      });
      break;
    case Contender::library:
    case Contender::recycling:
      took = race(work.processes, [&](const auto& released, int) {
        dirq::Queue queue = open_queue(contender, work);
        dirq::Taker taker(queue);
        std::string buffer;
        released();
        take_all(taker, buffer);
      });
      break;
    case Contender::python:
      took = race(work.processes, {python, "-c", python_take, work.queue});
      break;
  }
  expect_count(work, 0);
  return took;
}

Took through(Contender contender, const Work& work) {
  const std::string content(work.size, 'x');
  return race(1, [&](const auto& released, int) {
    std::string buffer(work.size + 1, '\0');
    if (contender == Contender::raw) {
      released();
      for (long i = 0; i < work.elements; i += turn) {
        raw_add(work.queue.c_str(), content.data(), content.size(), turn);
        raw_take(work.queue.c_str(), buffer.data(), buffer.size());
      }
      return;
    }
    dirq::Queue queue = open_queue(contender, work);
    dirq::Taker taker(queue);
    released();
    for (long i = 0; i < work.elements; i += turn) {
      for (long k = 0; k < turn; ++k) checked(queue.add(content));
      take_all(taker, buffer);
    }
  });
}

}  // namespace simplevisor::bench
