// tests/hanging_disk.hpp
//
// A file system that stops answering when it is told to: for what must go on while a disk does not.
//
// How      FUSE, spoken to /dev/fuse without a library, by a process of its own that holds the files in memory; hang() stops that
//          process (SIGSTOP), so that whoever asks the file system for something waits in the kernel, as for a dead disk.
// Files    a flat directory; close() asks for nothing, as with the file systems of a local disk. What is written is in it at once: no cache of the kernel's answers in its place.
// Needs    the right to mount (root, and not in every container) and /dev/fuse; nothing is mounted without.
// The end  the process is killed; the kernel then answers all that waits with an error. It does not outlive the test.
#pragma once

#include <sys/types.h>

#include <memory>
#include <string>

namespace simplevisor::test {

class HangingDisk {
 public:
  // At `directory`, which exists. Null when that is not permitted here.
  static std::unique_ptr<HangingDisk> mount(const std::string& directory);
  ~HangingDisk();
  HangingDisk(const HangingDisk&) = delete;
  HangingDisk& operator=(const HangingDisk&) = delete;

  void hang() const;  // returns when nobody is answered any more
  void answer() const;

 private:
  HangingDisk(std::string directory, pid_t pid) : directory_(std::move(directory)), pid_(pid) {}

  std::string directory_;
  pid_t pid_;
};

}  // namespace simplevisor::test
