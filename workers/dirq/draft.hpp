// workers/dirq/draft.hpp
//
// An element that is being written: an open temporary file that nobody takes for an element yet.
//
// Threads    a plain value; the store that made it closes and publishes or removes it.
#pragma once

#include <cstdint>

namespace simplevisor::dirq {

struct Draft {
  int descriptor = -1;          // -1 once closed
  std::uint32_t directory = 0;  // where it will be published
  std::uint64_t temporary = 0;  // its name, with the suffix .tmp, in `directory`, or in the pool when `spare`
  bool spare = false;           // a recycled inode
};

}  // namespace simplevisor::dirq
