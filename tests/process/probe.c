// tests/process/probe.c
//
// Prints what the launcher made of this process, one NAME=VALUE a line, for the tests to compare.
#include <dirent.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static void print_signals(void) {
  char line[256];
  FILE* status = fopen("/proc/self/status", "re");
  while (status != NULL && fgets(line, sizeof line, status) != NULL) {
    unsigned long long set = 0;
    if (sscanf(line, "SigBlk: %llx", &set) == 1) printf("blocked=%llx\n", set);
    if (sscanf(line, "SigIgn: %llx", &set) == 1) printf("ignored=%llx\n", set);
    if (sscanf(line, "SigCgt: %llx", &set) == 1) printf("caught=%llx\n", set);
  }
  if (status != NULL) fclose(status);
}

static void print_descriptors(void) {
  DIR* directory = opendir("/proc/self/fd");
  printf("descriptors=");
  for (struct dirent* entry; directory != NULL && (entry = readdir(directory)) != NULL;) {
    if (entry->d_name[0] != '.' && atoi(entry->d_name) != dirfd(directory)) printf("%s ", entry->d_name);
  }
  printf("\n");
  if (directory != NULL) closedir(directory);
}

int main(int argc, char** argv) {
  char text[4096];
  printf("pid=%d\nsession=%d\ngroup=%d\n", getpid(), getsid(0), getpgrp());
  print_signals();
  print_descriptors();
  const mode_t mask = umask(0);
  printf("umask=%o\nnice=%d\n", mask, getpriority(PRIO_PROCESS, 0));
  struct rlimit limit;
  getrlimit(RLIMIT_NOFILE, &limit);
  printf("nofile=%llu\n", (unsigned long long)limit.rlim_cur);
  printf("cwd=%s\n", getcwd(text, sizeof text));
  printf("uid=%d %d\ngid=%d %d\n", getuid(), geteuid(), getgid(), getegid());
  gid_t groups[64];
  const int count = getgroups(64, groups);
  printf("groups=");
  for (int i = 0; i < count; ++i) printf("%u ", groups[i]);
  printf("\n");
  const ssize_t length = readlink("/proc/self/fd/0", text, sizeof text - 1);
  text[length < 0 ? 0 : length] = '\0';
  printf("stdin=%s\n", text);
  for (int i = 1; i < argc; ++i) {
    // "fd:N": what can be read there; "NAME": that variable.
    if (strncmp(argv[i], "fd:", 3) == 0) {
      const ssize_t got = read(atoi(argv[i] + 3), text, sizeof text - 1);
      text[got < 0 ? 0 : got] = '\0';
      printf("%s=%s\n", argv[i], text);
    } else {
      const char* const value = getenv(argv[i]);
      printf("%s=%s\n", argv[i], value == NULL ? "(unset)" : value);
    }
  }
  fflush(stdout);
  fprintf(stderr, "standard error\n");
  return 0;
}
