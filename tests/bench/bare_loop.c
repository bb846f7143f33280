#include "bare_loop.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char** environ;

static const int not_executable = 127;

_Noreturn void bare_loop_fail(const char* what) {
  fprintf(stderr, "bare loop: %s: %s\n", what, strerror(errno));
  exit(1);
}

static unsigned long pid_max(void) {
  FILE* file = fopen("/proc/sys/kernel/pid_max", "r");
  unsigned long value = 0;
  if (file == NULL || fscanf(file, "%lu", &value) != 1) bare_loop_fail("/proc/sys/kernel/pid_max");
  fclose(file);
  return value;
}

void bare_loop_init(struct bare_loop* loop, int argc, char** argv) {
  char* end = NULL;
  const unsigned long count = argc == 5 ? strtoul(argv[1], &end, 10) : 0;
  if (count == 0 || count > 1000000 || *end != '\0') {
    fprintf(stderr, "usage: %s COUNT WORKER PREFIX SUFFIX\n", argv[0]);
    exit(2);
  }
  memset(loop, 0, sizeof *loop);
  loop->count = (unsigned)count;
  loop->worker = argv[2];
  loop->arguments = calloc(count, sizeof *loop->arguments);
  loop->pids = calloc(count, sizeof *loop->pids);
  loop->id_of_pid = calloc(pid_max() + 1, sizeof *loop->id_of_pid);
  if (loop->arguments == NULL || loop->pids == NULL || loop->id_of_pid == NULL) bare_loop_fail("memory");
  for (unsigned id = 0; id < loop->count; ++id) {
    if (asprintf(&loop->arguments[id], "%s%u%s", argv[3], id, argv[4]) < 0) bare_loop_fail("memory");
  }
}

/* A function of its own: what vfork's child writes must not be what the caller keeps in its frame. */
static pid_t spawn(const char* worker, char** argv, bool unblock) {
  const pid_t pid = vfork();
  if (pid != 0) return pid;
  if (unblock) {
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
  }
  execve(worker, argv, environ);
  _exit(not_executable);
}

pid_t bare_loop_start(struct bare_loop* loop, unsigned id) {
  char* argv[] = {(char*)(uintptr_t)loop->worker, loop->arguments[id], NULL};
  const pid_t pid = spawn(loop->worker, argv, loop->signals_blocked);
  if (pid < 0) bare_loop_fail("vfork");
  loop->pids[id] = pid;
  loop->id_of_pid[pid] = (int)id;
  ++loop->alive;
  return pid;
}

int bare_loop_ended(struct bare_loop* loop, pid_t pid, int code, int status) {
  const int id = loop->id_of_pid[pid];
  if (loop->pids[id] != pid) return -1;
  loop->pids[id] = 0;
  --loop->alive;
  if (code == CLD_EXITED && status == not_executable) {
    fprintf(stderr, "bare loop: cannot execute %s\n", loop->worker);
    exit(1);
  }
  return id;
}

void bare_loop_terminate(const struct bare_loop* loop) {
  for (unsigned id = 0; id < loop->count; ++id) {
    const pid_t pid = loop->pids[id];
    if (pid > 0) kill(pid, SIGTERM);
  }
}

_Noreturn void bare_loop_drain(struct bare_loop* loop) {
  while (loop->alive > 0) {
    siginfo_t info;
    if (waitid(P_ALL, 0, &info, WEXITED) == 0) {
      bare_loop_ended(loop, info.si_pid, info.si_code, info.si_status);
    } else if (errno != EINTR) {
      bare_loop_fail("waitid");
    }
  }
  exit(0);
}
