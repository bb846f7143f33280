// workers/dirq/system.hpp
//
// The system calls a directory queue makes, behind one seam, so that tests can fail each of them once, count
// them, and kill a process between any two.
//
// Semantics  each function is the call of its name. Interrupted calls (EINTR) are repeated here.
// Errors     the kernel's own convention: a negative errno.
// Threads    stateless; the kernel's instance is shared by all.
#pragma once

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>

#include <cstddef>
#include <ctime>

namespace simplevisor::dirq {

class System {
 public:
  static System& kernel() noexcept;

  System() = default;
  System(const System&) = delete;
  System& operator=(const System&) = delete;
  virtual ~System() = default;

  virtual int openat(int directory, const char* path, int flags, mode_t mode);
  virtual int close(int descriptor);
  virtual ssize_t read(int descriptor, void* to, std::size_t size);
  virtual ssize_t writev(int descriptor, const iovec* parts, int count);
  virtual int ftruncate(int descriptor, off_t size);
  virtual int fstat(int descriptor, struct stat& status);
  virtual int fchmod(int descriptor, mode_t mode);
  virtual int fdatasync(int descriptor);
  virtual int fsync(int descriptor);
  virtual int syncfs(int descriptor);  // the whole filesystem; tells of its faults since Linux 5.8
  virtual ssize_t getdents(int descriptor, void* to, std::size_t size);

  virtual int fstatat(int directory, const char* path, struct stat& status);  // does not follow links
  virtual int linkat(int from_directory, const char* from, int to_directory, const char* to);
  virtual int unlinkat(int directory, const char* path, int flags);
  virtual int rename_noreplace(int from_directory, const char* from, int to_directory, const char* to);
  virtual int renameat(int from_directory, const char* from, int to_directory, const char* to);
  virtual int mkdirat(int directory, const char* path, mode_t mode);
  virtual int fchmodat(int directory, const char* path, mode_t mode);
  virtual int utimensat_now(int directory, const char* path);
  virtual int futimens_now(int descriptor);

  // The mark of inodes that may be recycled: an extended attribute.
  virtual int set_mark(int descriptor);
  virtual int has_mark(int descriptor);  // 1, 0, or an error
  // Whether `descriptor`, opened for writing, is the only open file on its inode anywhere: 1, 0, or an error.
  virtual int only_opener(int descriptor);

  virtual timespec now();  // the realtime clock
};

}  // namespace simplevisor::dirq
