/* tests/bench/bare_loop.h
 *
 * What the three bare loops share: a table of workers, and starting one of them by vfork and execve. They are
 * the limit that supervisors are compared with: nothing but the system calls without which a program cannot
 * be started again when it ends. They differ only in how they learn of a death.
 *
 *   bare-NAME COUNT WORKER PREFIX SUFFIX      runs WORKER with the argument PREFIX<id>SUFFIX, ids 0 ..
 * COUNT-1
 *
 * SIGTERM or SIGINT: SIGTERM to all workers, wait for all, exit 0. Exit 1 with a line on stderr when a system
 * call fails or a worker cannot be executed; 2 for a bad command line.
 */
#ifndef SIMPLEVISOR_BENCH_BARE_LOOP_H
#define SIMPLEVISOR_BENCH_BARE_LOOP_H

#include <stdbool.h>
#include <sys/types.h>

struct bare_loop {
  unsigned count;
  unsigned alive;
  const char* worker;
  char** arguments;     /* [id] */
  volatile pid_t* pids; /* [id]; 0 when it does not run. Volatile: bare_wait.c reads it in a signal handler */
  int* id_of_pid;       /* [pid]; pages of it exist only where a pid was used */
  bool signals_blocked; /* a started worker has to unblock them again */
};

/* Ends the program when the command line is bad or there is no memory. */
void bare_loop_init(struct bare_loop* loop, int argc, char** argv);

/* Returns the pid; ends the program when vfork fails. */
pid_t bare_loop_start(struct bare_loop* loop, unsigned id);

/* Notes the death of a worker and returns its id, or -1 when `pid` is none of ours. Ends the program when the
 * worker could not be executed, which would otherwise be tried for ever. */
int bare_loop_ended(struct bare_loop* loop, pid_t pid, int code, int status);

/* SIGTERM to all that run. Async-signal-safe. */
void bare_loop_terminate(const struct bare_loop* loop);

/* Waits for all, and exits 0. */
_Noreturn void bare_loop_drain(struct bare_loop* loop);

_Noreturn void bare_loop_fail(const char* what);

#endif
