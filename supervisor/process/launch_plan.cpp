#include "supervisor/process/launch_plan.hpp"

#include <fmt/format.h>

#include <cstring>
#include <string_view>
#include <utility>

namespace simplevisor::process {

namespace {

std::string_view resource_name(int resource) {
  switch (resource) {
    case RLIMIT_AS:
      return "RLIMIT_AS";
    case RLIMIT_CORE:
      return "RLIMIT_CORE";
    case RLIMIT_CPU:
      return "RLIMIT_CPU";
    case RLIMIT_DATA:
      return "RLIMIT_DATA";
    case RLIMIT_FSIZE:
      return "RLIMIT_FSIZE";
    case RLIMIT_LOCKS:
      return "RLIMIT_LOCKS";
    case RLIMIT_MEMLOCK:
      return "RLIMIT_MEMLOCK";
    case RLIMIT_MSGQUEUE:
      return "RLIMIT_MSGQUEUE";
    case RLIMIT_NICE:
      return "RLIMIT_NICE";
    case RLIMIT_NOFILE:
      return "RLIMIT_NOFILE";
    case RLIMIT_NPROC:
      return "RLIMIT_NPROC";
    case RLIMIT_RSS:
      return "RLIMIT_RSS";
    case RLIMIT_RTPRIO:
      return "RLIMIT_RTPRIO";
    case RLIMIT_RTTIME:
      return "RLIMIT_RTTIME";
    case RLIMIT_SIGPENDING:
      return "RLIMIT_SIGPENDING";
    case RLIMIT_STACK:
      return "RLIMIT_STACK";
    default:
      return "an unknown resource limit";
  }
}

std::string_view stream_name(int number) {
  switch (number) {
    case 0:
      return "standard input";
    case 1:
      return "standard output";
    case 2:
      return "standard error";
    default:
      return "standard streams";
  }
}

std::string attempt(const LaunchError& error) {
  switch (error.stage) {
    case Stage::prepare:
      return "cannot prepare the launch";
    case Stage::clone:
      return "cannot make a process";
    case Stage::scheduling:
      return "cannot set the scheduling policy";
    case Stage::session:
      return "cannot start a session";
    case Stage::cgroup:
      return "cannot enter the control group";
    case Stage::stdio:
      return fmt::format("cannot open {}", stream_name(error.detail));
    case Stage::umask:
      return "cannot set the umask";
    case Stage::limits:
      return fmt::format("cannot set {}", resource_name(error.detail));
    case Stage::priority:
      return "cannot set the priority";
    case Stage::directory:
      return "cannot change to the working directory";
    case Stage::credentials:
      return "cannot take on the user and group";
    case Stage::initialiser:
      return "cannot run the initialiser";
    case Stage::signals:
      return "cannot reset signals";
    case Stage::descriptors:
      if (error.detail < 0) return "cannot close descriptors";
      return fmt::format("cannot hand over descriptor {}", error.detail);
    case Stage::exec:
      return "cannot execute";
  }
  std::unreachable();
}

}  // namespace

const char* to_string(Stage stage) noexcept {
  switch (stage) {
    case Stage::prepare:
      return "prepare";
    case Stage::clone:
      return "clone";
    case Stage::scheduling:
      return "scheduling";
    case Stage::session:
      return "session";
    case Stage::cgroup:
      return "cgroup";
    case Stage::stdio:
      return "stdio";
    case Stage::umask:
      return "umask";
    case Stage::limits:
      return "limits";
    case Stage::priority:
      return "priority";
    case Stage::directory:
      return "directory";
    case Stage::credentials:
      return "credentials";
    case Stage::initialiser:
      return "initialiser";
    case Stage::signals:
      return "signals";
    case Stage::descriptors:
      return "descriptors";
    case Stage::exec:
      return "exec";
  }
  std::unreachable();
}

std::string LaunchError::describe() const {
  return fmt::format("{}: {}", attempt(*this), std::strerror(error));
}

}  // namespace simplevisor::process
