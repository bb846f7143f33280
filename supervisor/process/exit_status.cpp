#include "supervisor/process/exit_status.hpp"

#include <fmt/format.h>
#include <string.h>

namespace simplevisor::process {

namespace {

std::chrono::microseconds duration(const timeval& time) {
  return std::chrono::seconds{time.tv_sec} + std::chrono::microseconds{time.tv_usec};
}

}  // namespace

ExitStatus ExitStatus::from(const siginfo_t& info, const rusage& usage) {
  ExitStatus status = info.si_code == CLD_EXITED ? exited(info.si_status & 0xff)
                                                 : killed(info.si_status, info.si_code == CLD_DUMPED);
  status.user_time = duration(usage.ru_utime);
  status.system_time = duration(usage.ru_stime);
  status.max_resident_kib = usage.ru_maxrss;
  return status;
}

std::string ExitStatus::describe() const {
  if (signal == 0) return fmt::format("exited with status {}", code);
  const char* const core = core_dumped ? ", core dumped" : "";
  if (::sigabbrev_np(signal) == nullptr) return fmt::format("killed by signal {}{}", signal, core);
  return fmt::format("killed by signal {} ({}){}", signal, signal_name(signal), core);
}

std::string signal_name(int signal) {
  const char* const name = ::sigabbrev_np(signal);
  return name != nullptr ? fmt::format("SIG{}", name) : fmt::format("signal {}", signal);
}

}  // namespace simplevisor::process
