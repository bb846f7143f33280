// supervisor/process/syscalls.hpp
//
// The one door between this project's process handling and the kernel, so that a test can make any system
// call fail, or count them.
//
// Two pointers are enough: everything but clone goes through `call` by its number. The child of a launch
// runs in the memory of its parent, where libc's wrappers are not safe (setresuid signals all threads,
// interceptors of sanitizers keep tables), so it needs raw calls anyway.
//
// Errors     as syscall(2): -1 and errno.
// Threads    the table is immutable; `call` and `clone` are as thread-safe as the calls themselves, and
//            async-signal-safe. A test's replacement must be as well.
#pragma once

#include <sys/types.h>

#include <type_traits>

namespace simplevisor::process {

struct Syscalls {
  long (*call)(long number, long a, long b, long c, long d, long e);

  // clone(2) of glibc: runs `child(arg)` on the stack that ends at `stack_end`.
  pid_t (*clone)(int (*child)(void*), void* stack_end, int flags, void* arg, int* pidfd);

  // syscalls(SYS_openat, AT_FDCWD, path, flags): without casts at every call. Always inline: the child of a
  // launch must not meet a copy of it that a sanitizer instrumented.
  template <class... Args>
  [[gnu::always_inline]] long operator()(long number, Args... args) const {
    static_assert(sizeof...(Args) <= 5);
    const long words[5] = {word(args)...};
    return call(number, words[0], words[1], words[2], words[3], words[4]);
  }

 private:
  template <class T>
  [[gnu::always_inline]] static long word(T value) {
    if constexpr (std::is_null_pointer_v<T>) {
      return 0;
    } else if constexpr (std::is_pointer_v<T>) {
      return reinterpret_cast<long>(value);
    } else {
      return static_cast<long>(value);
    }
  }
};

// The kernel itself.
[[nodiscard]] const Syscalls& real_syscalls() noexcept;

}  // namespace simplevisor::process
