// supervisor/process/background_thread.hpp
//
// Threads beside the main one. None of them hears a signal: the main thread takes them, through a descriptor or at its prompt,
// and a thread that has one open would take it away.
//
// Names      as `ps -L` and /proc show them; of more than 15 bytes the system keeps none.
// Errors     std::system_error when there is no thread to be had.
#pragma once

#include <pthread.h>
#include <signal.h>

#include <thread>
#include <utility>

namespace simplevisor::process {

// While one is alive the calling thread hears no signals, and neither will a thread that it makes.
class SignalsBlocked {
 public:
  SignalsBlocked() {
    sigset_t all;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~SignalsBlocked() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;

 private:
  sigset_t before_{};
};

// `name`: a literal, it is read by the new thread.
template <class Work>
[[nodiscard]] std::thread background_thread(const char* name, Work&& work) {
  const SignalsBlocked blocked;
  return std::thread{[name, work = std::forward<Work>(work)]() mutable {
    ::pthread_setname_np(::pthread_self(), name);
    work();
  }};
}

}  // namespace simplevisor::process
