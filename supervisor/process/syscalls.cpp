#include "supervisor/process/syscalls.hpp"

#include <sched.h>
#include <unistd.h>

// glibc's other name for clone: clang's thread sanitizer replaces `clone` by a function that refuses
// CLONE_VM.
extern "C" int __clone(int (*child)(void*), void* stack_end, int flags, void* arg, ...);  // NOLINT

namespace simplevisor::process {

namespace {

long kernel_call(long number, long a, long b, long c, long d, long e) {
  return ::syscall(number, a, b, c, d, e);
}

pid_t kernel_clone(int (*child)(void*), void* stack_end, int flags, void* arg, int* pidfd) {
  return __clone(child, stack_end, flags, arg, pidfd, nullptr, nullptr);
}

}  // namespace

const Syscalls& real_syscalls() noexcept {
  static constexpr Syscalls table{&kernel_call, &kernel_clone};
  return table;
}

}  // namespace simplevisor::process
