#include "tests/bench/harness/noise.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <string>

namespace simplevisor::bench {

namespace {

std::chrono::duration<double> used(int who) {
  rusage usage{};
  ::getrusage(who, &usage);
  return std::chrono::seconds(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
         std::chrono::microseconds(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

}  // namespace

NoiseMeter::NoiseMeter() : begin_(read()) {}

NoiseMeter::Reading NoiseMeter::read() {
  std::ifstream stat("/proc/stat");
  std::string word;
  double user = 0, nice = 0, system = 0, idle = 0, iowait = 0;
  stat >> word >> user >> nice >> system >> idle >> iowait;
  const auto ticks = static_cast<double>(::sysconf(_SC_CLK_TCK));
  return {std::chrono::steady_clock::now(), std::chrono::duration<double>((idle + iowait) / ticks),
          used(RUSAGE_SELF) + used(RUSAGE_CHILDREN)};
}

double NoiseMeter::share() const {
  const Reading end = read();
  const std::chrono::duration<double> all =
      (end.at - begin_.at) * static_cast<double>(std::max(1L, ::sysconf(_SC_NPROCESSORS_ONLN)));
  const auto others = all - (end.idle - begin_.idle) - (end.own - begin_.own);
  return all.count() > 0 ? std::clamp(others / all, 0.0, 1.0) : 0.0;
}

}  // namespace simplevisor::bench
