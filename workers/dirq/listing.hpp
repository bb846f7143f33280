// workers/dirq/listing.hpp
//
// What is in a directory of a queue. Private to the library.
//
// Semantics  other names are ignored. A directory that is not there (purged meanwhile) is an empty one, but a
//            queue that is not there is an error.
// Errors     a negative errno.
#pragma once

#include <dirent.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "workers/dirq/error.hpp"
#include "workers/dirq/system.hpp"

namespace simplevisor::dirq {

class Store;

// Calls `use(name)` for every name but "." and ".."; each is NUL-terminated. Returns 0 or a negative errno.
template <class Use>
int for_each_name(System& system, int descriptor, Use use) {
  constexpr std::size_t buffer_bytes = 65'536;
  const auto buffer = std::make_unique_for_overwrite<std::byte[]>(buffer_bytes);
  for (;;) {
    const ssize_t got = system.getdents(descriptor, buffer.get(), buffer_bytes);
    if (got <= 0) return static_cast<int>(got);
    for (ssize_t at = 0; at < got;) {
      const auto* entry = reinterpret_cast<const dirent64*>(buffer.get() + at);
      at += entry->d_reclen;
      const std::string_view name = entry->d_name;
      if (name != "." && name != "..") use(name);
    }
  }
}

// The intermediate directories of a queue, sorted.
Result<std::vector<std::uint32_t>> list_directories(Store& store);

struct Listing {
  std::vector<std::uint64_t> elements;     // sorted
  std::vector<std::uint64_t> locks;        // sorted; of one that lost its element, too
  std::vector<std::uint64_t> temporaries;  // unsorted
  bool empty = true;                       // not a single name, not even a foreign one
};

// Everything in one intermediate directory.
Result<Listing> list_directory(Store& store, std::uint32_t directory);
// How many elements are in it; temporaries and locks are not counted.
Result<std::size_t> count_elements(Store& store, std::uint32_t directory);

}  // namespace simplevisor::dirq
