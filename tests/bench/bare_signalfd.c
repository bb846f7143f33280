/* tests/bench/bare_signalfd.c
 *
 * Bare loop (b): SIGCHLD through a signalfd in epoll, then waitid for any child until there is none left to
 * report. The shape of an event loop that also has other things to wait for.
 */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bare_loop.h"

enum { restarts_max = 64 };

static struct bare_loop loop;

/* Returns whether there may be more. Workers that leave at once end while their siblings are being started again: without
 * a bound this would go on for ever, and a signal to stop would never be read. */
static bool restart_what_ended(void) {
  for (int i = 0; i < restarts_max; ++i) {
    siginfo_t info;
    info.si_pid = 0;
    if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG) != 0) bare_loop_fail("waitid");
    if (info.si_pid == 0) return false;
    const int id = bare_loop_ended(&loop, info.si_pid, info.si_code, info.si_status);
    if (id >= 0) bare_loop_start(&loop, (unsigned)id);
  }
  return true;
}

int main(int argc, char** argv) {
  bare_loop_init(&loop, argc, argv);
  sigset_t wanted;
  sigemptyset(&wanted);
  sigaddset(&wanted, SIGCHLD);
  sigaddset(&wanted, SIGTERM);
  sigaddset(&wanted, SIGINT);
  sigprocmask(SIG_BLOCK, &wanted, NULL);
  loop.signals_blocked = true;
  const int signals = signalfd(-1, &wanted, SFD_CLOEXEC | SFD_NONBLOCK);
  const int epoll = epoll_create1(EPOLL_CLOEXEC);
  struct epoll_event event = {.events = EPOLLIN};
  if (signals < 0 || epoll < 0 || epoll_ctl(epoll, EPOLL_CTL_ADD, signals, &event) != 0)
    bare_loop_fail("epoll");

  for (unsigned id = 0; id < loop.count; ++id) bare_loop_start(&loop, id);
  for (bool more = false;;) {
    if (epoll_wait(epoll, &event, 1, more ? 0 : -1) < 0) {
      if (errno == EINTR) continue;
      bare_loop_fail("epoll_wait");
    }
    struct signalfd_siginfo info[4]; /* at most one of each signal is pending */
    const ssize_t got = read(signals, info, sizeof info);
    if (got < 0 && errno != EAGAIN) bare_loop_fail("signalfd");
    for (ssize_t i = 0; i * (ssize_t)sizeof info[0] < got; ++i) {
      if (info[i].ssi_signo == SIGCHLD) continue;
      bare_loop_terminate(&loop);
      bare_loop_drain(&loop);
    }
    more = restart_what_ended();
  }
}
