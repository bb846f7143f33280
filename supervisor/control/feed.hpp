// supervisor/control/feed.hpp
//
// What a follower is sent for as long as it likes, as server-sent events. A feed keeps positions, no queue: whoever reads
// slowly costs nothing but the time until it has caught up.
//
// Threads    the server's.
#pragma once

#include <cstddef>
#include <string>

namespace simplevisor::control {

class Feed {
 public:
  Feed() = default;
  Feed(const Feed&) = delete;
  Feed& operator=(const Feed&) = delete;
  virtual ~Feed() = default;

  // The next messages, about `bytes_max` of them; "" when there is nothing new.
  virtual std::string next(std::size_t bytes_max) = 0;
};

}  // namespace simplevisor::control
