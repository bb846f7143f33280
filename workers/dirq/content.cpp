// workers/dirq/content.cpp
#include "workers/dirq/content.hpp"

#include <algorithm>
#include <array>
#include <cerrno>

namespace simplevisor::dirq {

namespace {

constexpr std::size_t growth_bytes = 65'536;

}  // namespace

int write_all(System& system, int descriptor, std::span<const std::string_view> parts) {
  constexpr std::size_t group = 64;
  std::array<iovec, group> vectors;
  while (!parts.empty()) {
    const auto now = parts.first(std::min(parts.size(), group));
    parts = parts.subspan(now.size());
    std::size_t left = 0;
    for (std::size_t i = 0; i < now.size(); ++i) {
      vectors[i] = {const_cast<char*>(now[i].data()), now[i].size()};
      left += now[i].size();
    }
    for (iovec* from = vectors.data(); left > 0;) {
      const auto count = static_cast<int>(vectors.data() + now.size() - from);
      const ssize_t written = system.writev(descriptor, from, count);
      if (written < 0) return static_cast<int>(written);
      // A file that takes nothing and says nothing would keep us here for ever.
      if (written == 0) return -EIO;
      auto done = static_cast<std::size_t>(written);
      left -= done;
      for (; left > 0 && done >= from->iov_len; ++from) done -= from->iov_len;
      from->iov_base = static_cast<char*>(from->iov_base) + done;
      from->iov_len -= done;
    }
  }
  return 0;
}

ReadEnd read_all(System& system, int descriptor, std::uint64_t size, std::string& content,
                 std::size_t bytes_max) {
  ssize_t result = 0;
  std::size_t used = 0;
  bool over = size > bytes_max;
  // One byte more than expected: a read that stops at the expected size has met the end, and one that goes on
  // has found a file that is still growing. Otherwise a read of nothing is the end.
  while (!over) {
    const std::size_t want = used > size ? used + growth_bytes : size + 1;
    content.resize_and_overwrite(want, [&](char* to, std::size_t capacity) {
      result = system.read(descriptor, to + used, capacity - used);
      return result > 0 ? used + static_cast<std::size_t>(result) : used;
    });
    if (result <= 0) break;
    used += static_cast<std::size_t>(result);
    over = used > bytes_max;
    if (used == size) break;
  }
  return {result < 0 ? static_cast<int>(result) : 0, over, std::max<std::uint64_t>(size, used)};
}

}  // namespace simplevisor::dirq
