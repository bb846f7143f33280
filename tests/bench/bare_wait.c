/* tests/bench/bare_wait.c
 *
 * Bare loop (a): a blocking waitid for any child. Two system calls a restart besides the worker's own.
 *
 * Stopping   the handler itself sends SIGTERM to all workers, so that no wait can be missed between a test of
 * a flag and the call that blocks; a worker being started meanwhile is seen by the test that follows its
 * start.
 */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include "bare_loop.h"

static struct bare_loop loop;
static volatile sig_atomic_t stopping;

static void on_stop(int number) {
  (void)number;
  const int kept = errno;
  stopping = 1;
  bare_loop_terminate(&loop);
  errno = kept;
}

static void start(unsigned id) {
  const pid_t pid = bare_loop_start(&loop, id);
  if (stopping) kill(pid, SIGTERM);
}

int main(int argc, char** argv) {
  bare_loop_init(&loop, argc, argv);
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = on_stop;
  sigaction(SIGTERM, &action, NULL);
  sigaction(SIGINT, &action, NULL);

  for (unsigned id = 0; id < loop.count && !stopping; ++id) start(id);
  while (!stopping) {
    siginfo_t info;
    if (waitid(P_ALL, 0, &info, WEXITED) != 0) {
      if (errno == EINTR) continue;
      bare_loop_fail("waitid");
    }
    const int id = bare_loop_ended(&loop, info.si_pid, info.si_code, info.si_status);
    if (id >= 0 && !stopping) start((unsigned)id);
  }
  bare_loop_drain(&loop);
}
