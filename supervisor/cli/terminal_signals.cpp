#include "supervisor/cli/terminal_signals.hpp"

#include <sys/signalfd.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <system_error>

namespace simplevisor::cli {
namespace {

sigset_t set_of(std::initializer_list<int> signals) {
  sigset_t set;
  ::sigemptyset(&set);
  for (const int signal : signals) ::sigaddset(&set, signal);
  return set;
}

sigset_t ours() {
  return set_of({SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGCONT, SIGWINCH});
}

}  // namespace

TerminalSignals::TerminalSignals() {
  const sigset_t signals = ours();
  fd_ = runtime::UniqueFd(::signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!fd_) throw std::system_error(errno, std::generic_category(), "signalfd");
  ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
}

TerminalSignals::~TerminalSignals() {
  // What has come meanwhile was for us, who are at the end already.
  while (next()) {
  }
  const sigset_t signals = ours();
  ::pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);
}

std::optional<TerminalSignals::Heard> TerminalSignals::next() const {
  signalfd_siginfo info{};
  if (::read(fd_.get(), &info, sizeof info) != sizeof info) return std::nullopt;
  switch (info.ssi_signo) {
    case SIGTSTP:
      return Heard::suspend;
    case SIGWINCH:
      return Heard::resized;
    case SIGCONT:
      return Heard::resumed;
    default:
      return Heard::end;
  }
}

bool TerminalSignals::obey(const Picture& picture) const {
  while (const auto heard = next()) {
    switch (*heard) {
      case Heard::end:
        return false;
      case Heard::suspend:
        picture.leave();
        suspend();
        picture.enter_again();
        break;
      case Heard::resized:
        picture.resized();
        break;
      case Heard::resumed:
        // Stopped by SIGSTOP the picture could not be left, and a shell has put the terminal in its own order.
        picture.leave();
        picture.enter_again();
        break;
    }
  }
  return true;
}

void TerminalSignals::suspend() {
  // Not SIGSTOP: where no shell would ever continue us, the kernel ignores this one.
  const sigset_t stop = set_of({SIGTSTP});
  ::raise(SIGTSTP);
  ::pthread_sigmask(SIG_UNBLOCK, &stop, nullptr);
  ::pthread_sigmask(SIG_BLOCK, &stop, nullptr);
}

}  // namespace simplevisor::cli
