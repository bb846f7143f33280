// Name servers that never answer: preloaded into a program (LD_PRELOAD), it lets every lookup of hangs.example wait for
// ever, once it has made the file named by HANGING_LOOKUP.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef int Lookup(const char*, const char*, const struct addrinfo*, struct addrinfo**);

int getaddrinfo(const char* node, const char* service, const struct addrinfo* hints, struct addrinfo** list) {
  static Lookup* real = NULL;
  if (node != NULL && strcmp(node, "hangs.example") == 0) {
    const char* const path = getenv("HANGING_LOOKUP");
    if (path != NULL) close(open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    for (;;) pause();
  }
  if (real == NULL) *(void**)&real = dlsym(RTLD_NEXT, "getaddrinfo");
  return real(node, service, hints, list);
}
