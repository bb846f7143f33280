/* tests/bench/dirq/raw.c */
#include "tests/bench/dirq/raw.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <utime.h>

enum { element_digits = 14, path_bytes = 512 };

static void die(const char* call, const char* path) {
  fprintf(stderr, "raw: %s %s: %s\n", call, path, strerror(errno));
  _exit(1);
}

static void put_hex(char* to, unsigned long value, int digits) {
  for (int i = digits - 1; i >= 0; --i, value >>= 4) to[i] = "0123456789abcdef"[value & 15U];
}

static void put_name(char* to, int digit) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  put_hex(to, (unsigned long)now.tv_sec, 8);
  put_hex(to + 8, (unsigned long)now.tv_nsec / 1000, 5);
  put_hex(to + 13, (unsigned long)digit, 1);
}

void raw_add(const char* queue, const char* content, size_t size, long elements) {
  char temporary[path_bytes];
  char final[path_bytes];
  const int digit = (int)getpid() & 15;
  for (long i = 0; i < elements; ++i) {
    const time_t now = time(NULL);
    const int length =
        snprintf(temporary, sizeof temporary, "%s/%08lx/", queue, (unsigned long)(now - now % 60));
    memcpy(final, temporary, (size_t)length);
    memcpy(temporary + length + element_digits, ".tmp", 5);
    final[length + element_digits] = '\0';
    int descriptor;
    do {
      put_name(temporary + length, digit);
      descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
      if (descriptor < 0 && errno == ENOENT) {
        temporary[length - 1] = '\0';
        mkdir(temporary, 0777);
        temporary[length - 1] = '/';
        errno = EEXIST;
      }
    } while (descriptor < 0 && errno == EEXIST);
    if (descriptor < 0) die("open", temporary);
    if (write(descriptor, content, size) != (ssize_t)size) die("write", temporary);
    close(descriptor);
    do {
      put_name(final + length, digit);
    } while (link(temporary, final) != 0 && errno == EEXIST);
    unlink(temporary);
  }
}

static int by_name(const void* a, const void* b) {
  return strcmp(a, b);
}

typedef char Name[element_digits + 2];

static long take_directory(const char* directory, char* buffer, size_t size) {
  DIR* stream = opendir(directory);
  if (stream == NULL) return 0;
  Name* names = NULL;
  size_t count = 0;
  size_t capacity = 0;
  for (const struct dirent* entry = readdir(stream); entry != NULL; entry = readdir(stream)) {
    if (strlen(entry->d_name) != element_digits) continue;
    if (count == capacity) {
      capacity = capacity == 0 ? 1024 : capacity * 2;
      names = realloc(names, capacity * sizeof *names);
      if (names == NULL) die("realloc", directory);
    }
    memcpy(names[count++], entry->d_name, element_digits + 1);
  }
  closedir(stream);
  qsort(names, count, sizeof *names, by_name);
  char element[path_bytes];
  char lock[path_bytes];
  const int length = snprintf(element, sizeof element, "%s/", directory);
  memcpy(lock, element, (size_t)length);
  long taken = 0;
  for (size_t i = 0; i < count; ++i) {
    memcpy(element + length, names[i], element_digits + 1);
    memcpy(lock + length, names[i], element_digits);
    memcpy(lock + length + element_digits, ".lck", 5);
    if (link(element, lock) != 0) continue;
    utime(element, NULL);
    const int descriptor = open(lock, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) die("open", lock);
    if (read(descriptor, buffer, size) < 0) die("read", lock);
    close(descriptor);
    unlink(element);
    unlink(lock);
    ++taken;
  }
  free(names);
  return taken;
}

long raw_take(const char* queue, char* buffer, size_t size) {
  struct dirent** directories;
  const int count = scandir(queue, &directories, NULL, alphasort);
  if (count < 0) die("scandir", queue);
  long taken = 0;
  for (int i = 0; i < count; ++i) {
    if (strlen(directories[i]->d_name) == 8) {
      char path[path_bytes];
      snprintf(path, sizeof path, "%s/%s", queue, directories[i]->d_name);
      taken += take_directory(path, buffer, size);
    }
    free(directories[i]);
  }
  free(directories);
  return taken;
}
