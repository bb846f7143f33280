// workers/dirq/content.hpp
//
// Writes and reads whole files through the seam. Private to the library.
//
// Errors     a negative errno.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "workers/dirq/system.hpp"

namespace simplevisor::dirq {

// All of `parts`, one behind the other, however little a single call takes.
int write_all(System& system, int descriptor, std::span<const std::string_view> parts);

struct ReadEnd {
  int result = 0;          // or an error
  bool over = false;       // more than was allowed: there is no content then
  std::uint64_t size = 0;  // as far as it is known
};

// From where `descriptor` stands to its end into `content`, whose former content is lost. `size` is what the file is
// expected to have; one that shrank or grew meanwhile is read as it is.
ReadEnd read_all(System& system, int descriptor, std::uint64_t size, std::string& content,
                 std::size_t bytes_max);

}  // namespace simplevisor::dirq
