/* tests/bench/worker.c
 *
 * The worker that every system under test runs: it sends one beacon and waits. It is freestanding (no libc, a
 * single page of text), so that what is measured is the supervisor and the kernel, not a program's start-up.
 *
 *   worker FIFO:ID:MODE        further arguments are ignored (a "#!" line appends the script's name)
 *
 *   s      stay until a signal ends it         x[N]   leave at once with exit code N (0 when absent)
 *   n      as s, after a newline on fd 3       m      stay, but never send the beacon
 *   e      stay until end of file on stdin     i      stay and ignore SIGTERM
 *
 * The time is read here and travels in the beacon: how soon the harness gets to read it does not count. The
 * FIFO stays open as long as the worker lives, so the harness sees end of file when the last of them is gone.
 * Exit codes: 0 or N as asked, 2 bad argument, 3 no FIFO, 4 beacon not written.
 */
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <time.h>

#include "beacon.h"

#if defined(__x86_64__)
__asm__(
    ".globl _start\n"
    "_start:\n"
    "  xor %ebp, %ebp\n"
    "  mov %rsp, %rdi\n"
    "  and $-16, %rsp\n"
    "  call worker_main\n");

static long call4(long number, long a, long b, long c, long d) {
  long result;
  register long r10 __asm__("r10") = d;
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10)
                   : "rcx", "r11", "memory");
  return result;
}
#elif defined(__aarch64__)
__asm__(
    ".globl _start\n"
    "_start:\n"
    "  mov x29, #0\n"
    "  mov x0, sp\n"
    "  bl worker_main\n");

static long call4(long number, long a, long b, long c, long d) {
  register long x8 __asm__("x8") = number;
  register long x0 __asm__("x0") = a;
  register long x1 __asm__("x1") = b;
  register long x2 __asm__("x2") = c;
  register long x3 __asm__("x3") = d;
  __asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3) : "memory");
  return x0;
}
#else
#error "worker.c knows the system call convention of x86_64 and aarch64 only"
#endif

#define CALL(number, a, b, c, d) call4((number), (long)(a), (long)(b), (long)(c), (long)(d))

static _Noreturn void leave(int code) {
  for (;;) CALL(SYS_exit_group, code, 0, 0, 0);
}

static int is_digit(char c) {
  return c >= '0' && c <= '9';
}

/* Reads a number of at most nine digits and moves *text behind it. */
static int number_at(char** text) {
  int value = 0;
  for (int digits = 0; is_digit(**text); ++digits, ++*text) {
    if (digits == 9) leave(2);
    value = value * 10 + (**text - '0');
  }
  return value;
}

static void send_beacon(const char* fifo, int id) {
  long fd = CALL(SYS_openat, AT_FDCWD, fifo, O_WRONLY, 0);
  if (fd < 0) leave(3);
  struct simplevisor_beacon beacon;
  beacon.pid = (int32_t)CALL(SYS_getpid, 0, 0, 0, 0);
  beacon.id = id;
  struct timespec now;
  CALL(SYS_clock_gettime, CLOCK_MONOTONIC, &now, 0, 0);
  beacon.sent_ns = (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
  if (CALL(SYS_write, fd, &beacon, sizeof beacon, 0) != (long)sizeof beacon) leave(4);
}

static void ignore_sigterm(void) {
  struct { /* the kernel's struct sigaction, which is not libc's */
    void* handler;
    unsigned long flags;
    void* restorer;
    unsigned long mask;
  } action;
  action.handler = (void*)1; /* SIG_IGN */
  action.flags = 0;
  action.restorer = NULL;
  action.mask = 0;
  CALL(SYS_rt_sigaction, SIGTERM, &action, 0, sizeof action.mask);
}

static _Noreturn void stay(void) {
  /* ppoll of nothing without a timeout is pause(2), which aarch64 does not have. */
  for (;;) CALL(SYS_ppoll, 0, 0, 0, 0);
}

__attribute__((used)) _Noreturn void worker_main(long* stack) {
  char** argv = (char**)(stack + 1);
  if (stack[0] < 2) leave(2);

  char* fifo = argv[1];
  char* at = fifo;
  while (*at != '\0' && *at != ':') ++at;
  if (*at != ':') leave(2);
  *at++ = '\0';
  if (!is_digit(*at)) leave(2);
  const int id = number_at(&at);
  if (*at++ != ':') leave(2);
  const char mode = *at++;

  if (mode == 'i') ignore_sigterm();
  if (mode != 'm') send_beacon(fifo, id);
  switch (mode) {
    case 'x':
      leave(number_at(&at));
    case 'n':
      CALL(SYS_write, 3, "\n", 1, 0);
      CALL(SYS_close, 3, 0, 0, 0);
      stay();
    case 'e': {
      char sink[16];
      while (CALL(SYS_read, 0, sink, sizeof sink, 0) > 0) {
      }
      leave(0);
    }
    case 's':
    case 'm':
    case 'i':
      stay();
    default:
      leave(2);
  }
}
