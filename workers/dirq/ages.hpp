// workers/dirq/ages.hpp
//
// Comparing the times of files. Private to the library.
#pragma once

#include <chrono>
#include <ctime>

namespace simplevisor::dirq {

inline bool before(const timespec& time, const timespec& limit) noexcept {
  return time.tv_sec != limit.tv_sec ? time.tv_sec < limit.tv_sec : time.tv_nsec < limit.tv_nsec;
}

inline timespec earlier(const timespec& time, std::chrono::seconds by) noexcept {
  return {time.tv_sec - static_cast<time_t>(by.count()), time.tv_nsec};
}

}  // namespace simplevisor::dirq
