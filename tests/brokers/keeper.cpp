// tests/brokers/keeper.cpp
//
// Runs one command, and leaves nothing of it behind, however its user ends.
//
//   test_broker_keeper COMMAND [ARGUMENT]...
//
// Input      nothing is read from it; its end (the user let go of it, or died) kills the command.
// Output     "pid N", then "exited N" or "signal N"; its end means that the command and all its descendants are gone.
// Errors     of the command go where its output goes: to this program's standard error.
//
// A program and not a thread or PR_SET_PDEATHSIG: brokers start helpers of their own (Erlang's port programs), which
// come to the nearest subreaper when the broker is killed, and only that one can find and end them by pid.
#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <fstream>

namespace {

[[noreturn]] void become(char** command, const sigset_t& mask) {
  sigprocmask(SIG_SETMASK, &mask, nullptr);
  const int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
  dup2(nothing, STDIN_FILENO);
  dup2(STDERR_FILENO, STDOUT_FILENO);
  execvp(command[0], command);
  std::perror(command[0]);
  _exit(127);
}

// Descendants whose parents are gone become children of ours, so that in the end every one passes here.
void end_all_descendants() {
  for (;;) {
    std::ifstream children("/proc/thread-self/children");
    pid_t child = 0;
    while (children >> child) kill(child, SIGKILL);
    if (waitpid(-1, nullptr, 0) < 0 && errno == ECHILD) return;
  }
}

// True once the command itself is gone, and said so.
bool reap(pid_t command) {
  int status = 0;
  for (pid_t gone = 0; (gone = waitpid(-1, &status, WNOHANG)) > 0;) {
    if (gone != command) continue;
    if (WIFEXITED(status)) std::printf("exited %d\n", WEXITSTATUS(status));
    if (WIFSIGNALED(status)) std::printf("signal %d\n", WTERMSIG(status));
    return true;
  }
  return false;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return 64;
  // The user's death closes both pipes at once; saying so to nobody must not end this program early.
  std::signal(SIGPIPE, SIG_IGN);
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  sigset_t child_signal;
  sigset_t before;
  sigemptyset(&child_signal);
  sigaddset(&child_signal, SIGCHLD);
  sigprocmask(SIG_BLOCK, &child_signal, &before);
  const int signals = signalfd(-1, &child_signal, SFD_CLOEXEC);
  const pid_t command = fork();
  if (command < 0 || signals < 0) return 71;
  if (command == 0) {
    std::signal(SIGPIPE, SIG_DFL);
    become(argv + 1, before);
  }
  std::printf("pid %d\n", command);
  for (;;) {
    pollfd ready[2] = {{STDIN_FILENO, POLLIN, 0}, {signals, POLLIN, 0}};
    if (poll(ready, 2, -1) < 0 && errno != EINTR) break;
    if (ready[0].revents != 0) break;
    if (ready[1].revents == 0) continue;
    signalfd_siginfo ignored;
    if (read(signals, &ignored, sizeof ignored) > 0 && reap(command)) break;
  }
  end_all_descendants();
}
