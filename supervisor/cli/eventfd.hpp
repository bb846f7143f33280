// supervisor/cli/eventfd.hpp
//
// A descriptor by which one thread wakes another that polls: readable from the moment it is raised until it is lowered.
//
// Errors     std::system_error when there are no descriptors left.
// Threads    any.
#pragma once

#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <system_error>

#include "supervisor/runtime/unique_fd.hpp"

namespace simplevisor::cli {

class EventFd {
 public:
  EventFd() : fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    if (!fd_) throw std::system_error(errno, std::generic_category(), "eventfd");
  }
  [[nodiscard]] int get() const { return fd_.get(); }
  void raise() const {
    const std::uint64_t one = 1;
    [[maybe_unused]] const ssize_t written = ::write(fd_.get(), &one, sizeof one);  // full: raised already
  }
  void lower() const {
    std::uint64_t count = 0;
    [[maybe_unused]] const ssize_t taken = ::read(fd_.get(), &count, sizeof count);  // empty: lowered already
  }

 private:
  runtime::UniqueFd fd_;
};

}  // namespace simplevisor::cli
