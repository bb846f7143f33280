#include "supervisor/process/exit_status.hpp"

#include <fmt/format.h>
#include <signal.h>
#include <string.h>

#include <cctype>
#include <charconv>

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

std::optional<int> signal_named(std::string_view name) {
  int number = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  if (error == std::errc{} && end == name.data() + name.size() && !name.empty())
    return number > 0 && number < NSIG ? std::optional{number} : std::nullopt;
  std::string upper{name};
  for (char& c : upper) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  std::string_view bare = upper;
  if (bare.starts_with("SIG")) bare.remove_prefix(3);
  for (int signal = 1; signal < NSIG; ++signal) {
    const char* const abbreviated = ::sigabbrev_np(signal);
    if (abbreviated != nullptr && bare == abbreviated) return signal;
  }
  return std::nullopt;
}

}  // namespace simplevisor::process
