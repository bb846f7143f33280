// supervisor/runtime/rotation.cpp
#include "supervisor/runtime/rotation.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

namespace simplevisor::runtime {

namespace {

// NAME.<number>; number 0 is NAME itself.
std::string numbered(const std::string& name, unsigned number) {
  return number == 0 ? name : name + "." + std::to_string(number);
}

// The number that the oldest file to be moved shall get: the first one that is free, else the last one.
unsigned first_free(int dir, const std::string& name, unsigned files) {
  for (unsigned number = 1; number < files; ++number) {
    if (::faccessat(dir, numbered(name, number).c_str(), F_OK, AT_SYMLINK_NOFOLLOW) != 0) return number;
  }
  return files;
}

}  // namespace

int rotate_files(const RenameCall& rename, int dir, const std::string& name, unsigned files) {
  if (files == 0) return ::unlinkat(dir, name.c_str(), 0) == 0 || errno == ENOENT ? 0 : errno;
  for (unsigned number = first_free(dir, name, files); number > 0; --number) {
    const std::string from = numbered(name, number - 1);
    // Somebody else may have taken it away meanwhile: then there is one file less to move.
    if (rename(dir, from.c_str(), numbered(name, number).c_str()) != 0 && errno != ENOENT) return errno;
  }
  return 0;
}

}  // namespace simplevisor::runtime
