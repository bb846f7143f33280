/* tests/bench/dirq/raw.h
 *
 * The bare limit: the system calls of the simple queue's algorithm and nothing else, in C, without a check, a retry or
 * an allocation per element. What the library is measured against.
 *
 * Adding   open(O_CREAT|O_EXCL), write, close, link, unlink; names of the real form, one directory.
 * Taking   one listing, sorted; then link, utime, open, read, close, unlink, unlink for each element.
 * Errors   adding stops the process; taking skips what another was faster with.
 */
#pragma once

#ifdef __cplusplus
extern "C" {
#endif

#include <stddef.h>

void raw_add(const char* queue, const char* content, size_t size, long elements);

/* Until the queue is empty. Returns the number taken. */
long raw_take(const char* queue, char* buffer, size_t size);

#ifdef __cplusplus
}
#endif
