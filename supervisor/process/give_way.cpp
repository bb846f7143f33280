#include "supervisor/process/give_way.hpp"

#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdint>

namespace simplevisor::process {
namespace {

// sched_setattr(2), which glibc 2.36 does not have. The part that all kernels since 3.14 know.
struct Attributes {
  std::uint32_t size = sizeof(Attributes);
  std::uint32_t policy = SCHED_OTHER;
  std::uint64_t flags = 0;
  std::int32_t nice = 0;
  std::uint32_t priority = 0;
  std::uint64_t runtime = 0;  // of SCHED_OTHER: the slice, in ns; older kernels ignore it
  std::uint64_t deadline = 0;
  std::uint64_t period = 0;
};

constexpr std::uint64_t slice_ns = 100'000;  // the least that is taken

}  // namespace

void give_way() {
  Attributes wanted;
  wanted.nice = 19;
  wanted.runtime = slice_ns;
  ::syscall(SYS_sched_setattr, 0, &wanted, 0);
}

}  // namespace simplevisor::process
