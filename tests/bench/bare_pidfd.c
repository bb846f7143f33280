/* tests/bench/bare_pidfd.c
 *
 * Bare loop (c): one pidfd per worker in epoll. Never mistakes one process for another, and pays for it with
 * a descriptor and four more system calls a restart.
 */
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bare_loop.h"

enum { events_max = 64 };

static struct bare_loop loop;
static int epoll;
static const uint64_t the_signals = UINT64_MAX;

static void start(unsigned id) {
  const pid_t pid = bare_loop_start(&loop, id);
  const long pidfd = syscall(SYS_pidfd_open, pid, 0);
  if (pidfd < 0) bare_loop_fail("pidfd_open");
  struct epoll_event event = {.events = EPOLLIN, .data.u64 = (uint64_t)pidfd << 32 | id};
  if (epoll_ctl(epoll, EPOLL_CTL_ADD, (int)pidfd, &event) != 0) bare_loop_fail("epoll_ctl");
}

static void restart(int pidfd) {
  siginfo_t info;
  if (waitid((idtype_t)P_PIDFD, (id_t)pidfd, &info, WEXITED) != 0) bare_loop_fail("waitid");
  /* Closing alone would take it out of epoll later: a worker being started holds copies of our descriptors until its
   * exec is through, which is after vfork has returned here. The late event would name whatever has that number then. */
  if (epoll_ctl(epoll, EPOLL_CTL_DEL, pidfd, NULL) != 0) bare_loop_fail("epoll_ctl");
  close(pidfd);
  const int id = bare_loop_ended(&loop, info.si_pid, info.si_code, info.si_status);
  if (id >= 0) start((unsigned)id);
}

int main(int argc, char** argv) {
  bare_loop_init(&loop, argc, argv);
  sigset_t wanted;
  sigemptyset(&wanted);
  sigaddset(&wanted, SIGTERM);
  sigaddset(&wanted, SIGINT);
  sigprocmask(SIG_BLOCK, &wanted, NULL);
  loop.signals_blocked = true;
  const int signals = signalfd(-1, &wanted, SFD_CLOEXEC);
  epoll = epoll_create1(EPOLL_CLOEXEC);
  struct epoll_event event = {.events = EPOLLIN, .data.u64 = the_signals};
  if (signals < 0 || epoll < 0 || epoll_ctl(epoll, EPOLL_CTL_ADD, signals, &event) != 0)
    bare_loop_fail("epoll");

  for (unsigned id = 0; id < loop.count; ++id) start(id);
  for (;;) {
    struct epoll_event events[events_max];
    const int got = epoll_wait(epoll, events, events_max, -1);
    if (got < 0 && errno != EINTR) bare_loop_fail("epoll_wait");
    for (int i = 0; i < got; ++i) {
      if (events[i].data.u64 != the_signals) {
        restart((int)(events[i].data.u64 >> 32));
        continue;
      }
      bare_loop_terminate(&loop);
      bare_loop_drain(&loop);
    }
  }
}
