// supervisor/process/exit_status.hpp
//
// How a process ended, and what it used.
//
// Threads    a plain value.
#pragma once

#include <sys/resource.h>
#include <sys/wait.h>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace simplevisor::process {

struct ExitStatus {
  int code = 0;    // what it passed to exit(), 0 .. 255; meaningless when `signal` is set
  int signal = 0;  // what killed it; 0: it exited by itself
  bool core_dumped = false;
  std::chrono::microseconds user_time{0};
  std::chrono::microseconds system_time{0};
  long max_resident_kib = 0;

  [[nodiscard]] static ExitStatus exited(int code) { return {.code = code}; }
  [[nodiscard]] static ExitStatus killed(int signal, bool core = false) {
    return {.signal = signal, .core_dumped = core};
  }
  // From what waitid(2) fills in.
  [[nodiscard]] static ExitStatus from(const siginfo_t& info, const rusage& usage);

  [[nodiscard]] bool success() const { return signal == 0 && code == 0; }

  // "exited with status 3", "killed by signal 9 (SIGKILL)", "killed by signal 11 (SIGSEGV), core dumped".
  [[nodiscard]] std::string describe() const;
};

// "SIGTERM"; "signal 35" for one without a name.
[[nodiscard]] std::string signal_name(int signal);
// "SIGHUP", "HUP", in any case, or "1"; nothing for what is no signal.
[[nodiscard]] std::optional<int> signal_named(std::string_view name);

}  // namespace simplevisor::process
