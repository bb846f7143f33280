// supervisor/cli/quiet_thread.hpp
//
// A thread that hears no signals: they are for the one that waits for them (terminal_signals.hpp).
//
// Errors     std::system_error when there are no threads left.
#pragma once

#include <csignal>
#include <thread>
#include <utility>

namespace simplevisor::cli {

template <class Work>
std::thread quiet_thread(Work&& work) {
  // A thread begins with the mask of its maker.
  sigset_t all;
  sigset_t before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  struct Restore {
    const sigset_t& mask;
    ~Restore() { ::pthread_sigmask(SIG_SETMASK, &mask, nullptr); }
  } const restore{before};
  return std::thread(std::forward<Work>(work));
}

}  // namespace simplevisor::cli
