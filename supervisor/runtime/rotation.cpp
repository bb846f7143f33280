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

bool is_there(int dir, const std::string& name) {
  return ::faccessat(dir, name.c_str(), F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

// The number that the oldest file to be moved shall get: the first one that is free, else the last one.
unsigned first_free(int dir, const std::string& name, unsigned files) {
  for (unsigned number = 1; number < files; ++number) {
    const std::string plain = numbered(name, number);
    if (!is_there(dir, plain) && !is_there(dir, plain + ".gz")) return number;
  }
  return files;
}

}  // namespace

int rotate_files(const RenameCall& rename, int dir, const std::string& name, unsigned files) {
  if (files == 0) return ::unlinkat(dir, name.c_str(), 0) == 0 || errno == ENOENT ? 0 : errno;
  // Somebody else may have taken a file away meanwhile, or it is there in the other form only: one file less to move.
  const auto move = [&](const std::string& from, const std::string& to) {
    return rename(dir, from.c_str(), to.c_str()) == 0 || errno == ENOENT ? 0 : errno;
  };
  for (unsigned number = first_free(dir, name, files); number > 0; --number) {
    const std::string from = numbered(name, number - 1);
    const std::string to = numbered(name, number);
    if (const int error = move(from, to)) return error;
    if (number > 1 && is_there(dir, from + ".gz")) {
      ::unlinkat(dir, to.c_str(), 0);  // given up; or what the other was made from
      if (const int error = move(from + ".gz", to + ".gz")) return error;
    } else if (number == files) {
      ::unlinkat(dir, (to + ".gz").c_str(), 0);  // given up
    }
  }
  return 0;
}

}  // namespace simplevisor::runtime
