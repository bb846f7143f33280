#include "workers/service/daemon.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

namespace simplevisor::service {
namespace {

// The caller's part: one byte says that it has started; the end of the pipe without it, that it has not.
[[noreturn]] void wait_for_start(int answer, pid_t child, const std::string& name) {
  char byte = 0;
  ssize_t got = 0;
  do {
    got = ::read(answer, &byte, 1);
  } while (got < 0 && errno == EINTR);
  if (got == 1) {
    fmt::print("{} (pid {}) started\n", name, child);
    std::fflush(stdout);
    ::_exit(0);
  }
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  ::_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 70);
}

}  // namespace

std::expected<Daemon, std::string> Daemon::daemonize(const std::string& name) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return std::unexpected(fmt::format("daemon: {}", std::strerror(errno)));
  const pid_t child = ::fork();
  if (child < 0) {
    const int error = errno;
    ::close(ends[0]);
    ::close(ends[1]);
    return std::unexpected(fmt::format("daemon: {}", std::strerror(error)));
  }
  if (child > 0) {
    ::close(ends[1]);
    wait_for_start(ends[0], child, name);
  }
  ::close(ends[0]);
  ::setsid();
  return Daemon{name, ends[1]};
}

Daemon::Daemon(Daemon&& other) noexcept
    : name_{std::move(other.name_)}, caller_{std::exchange(other.caller_, -1)} {}

Daemon::~Daemon() {
  if (caller_ >= 0) ::close(caller_);
}

void Daemon::started() {
  if (caller_ < 0) return;
  if (const int nothing = ::open("/dev/null", O_RDWR | O_CLOEXEC); nothing >= 0) {
    for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) ::dup2(nothing, stream);
    if (nothing > STDERR_FILENO) ::close(nothing);
  }
  [[maybe_unused]] const ssize_t told = ::write(caller_, "", 1);
  ::close(std::exchange(caller_, -1));
}

}  // namespace simplevisor::service
