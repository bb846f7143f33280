// workers/dirq/system.cpp
#include "workers/dirq/system.hpp"

#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <string_view>

namespace simplevisor::dirq {

namespace {

constexpr const char* mark_name = "user.simplevisor.dirq";
constexpr std::string_view mark_value = "recyclable";

// Repeats an interrupted call, and turns the C convention into the kernel's.
template <class Call>
auto checked(Call call) -> decltype(call()) {
  for (;;) {
    const auto result = call();
    if (result >= 0) return result;
    if (errno != EINTR) return -errno;
  }
}

}  // namespace

System& System::kernel() noexcept {
  static System instance;
  return instance;
}

int System::openat(int directory, const char* path, int flags, mode_t mode) {
  return checked([&] { return ::openat(directory, path, flags | O_CLOEXEC, mode); });
}

int System::close(int descriptor) {
  // Never repeated: after EINTR the descriptor is closed all the same, and may already be another's.
  return ::close(descriptor) == 0 || errno == EINTR ? 0 : -errno;
}

ssize_t System::read(int descriptor, void* to, std::size_t size) {
  return checked([&] { return ::read(descriptor, to, size); });
}

ssize_t System::writev(int descriptor, const iovec* parts, int count) {
  return checked([&] { return ::writev(descriptor, parts, count); });
}

int System::ftruncate(int descriptor, off_t size) {
  return checked([&] { return ::ftruncate(descriptor, size); });
}

int System::fstat(int descriptor, struct stat& status) {
  return checked([&] { return ::fstat(descriptor, &status); });
}

int System::fchmod(int descriptor, mode_t mode) {
  return checked([&] { return ::fchmod(descriptor, mode); });
}

int System::fdatasync(int descriptor) {
  return checked([&] { return ::fdatasync(descriptor); });
}

int System::fsync(int descriptor) {
  return checked([&] { return ::fsync(descriptor); });
}

int System::syncfs(int descriptor) {
  return checked([&] { return ::syncfs(descriptor); });
}

ssize_t System::getdents(int descriptor, void* to, std::size_t size) {
  return checked([&] { return ::syscall(SYS_getdents64, descriptor, to, size); });
}

int System::fstatat(int directory, const char* path, struct stat& status) {
  return checked([&] { return ::fstatat(directory, path, &status, AT_SYMLINK_NOFOLLOW); });
}

int System::linkat(int from_directory, const char* from, int to_directory, const char* to) {
  return checked([&] { return ::linkat(from_directory, from, to_directory, to, 0); });
}

int System::unlinkat(int directory, const char* path, int flags) {
  return checked([&] { return ::unlinkat(directory, path, flags); });
}

int System::rename_noreplace(int from_directory, const char* from, int to_directory, const char* to) {
  return checked([&] { return ::renameat2(from_directory, from, to_directory, to, RENAME_NOREPLACE); });
}

int System::renameat(int from_directory, const char* from, int to_directory, const char* to) {
  return checked([&] { return ::renameat(from_directory, from, to_directory, to); });
}

int System::mkdirat(int directory, const char* path, mode_t mode) {
  return checked([&] { return ::mkdirat(directory, path, mode); });
}

int System::fchmodat(int directory, const char* path, mode_t mode) {
  return checked([&] { return ::fchmodat(directory, path, mode, 0); });
}

int System::utimensat_now(int directory, const char* path) {
  return checked([&] { return ::utimensat(directory, path, nullptr, AT_SYMLINK_NOFOLLOW); });
}

int System::futimens_now(int descriptor) {
  return checked([&] { return ::futimens(descriptor, nullptr); });
}

int System::set_mark(int descriptor) {
  return checked([&] { return ::fsetxattr(descriptor, mark_name, mark_value.data(), mark_value.size(), 0); });
}

int System::has_mark(int descriptor) {
  const auto size = checked([&] { return ::fgetxattr(descriptor, mark_name, nullptr, 0); });
  if (size == -ENODATA) return 0;
  return size < 0 ? static_cast<int>(size) : 1;
}

int System::only_opener(int descriptor) {
  // A write lease is granted only while nobody else has the file open. Somebody who opens it in the moment we
  // hold the lease makes the kernel signal us: SIGURG, which is ignored by default, in place of SIGIO, which
  // kills.
  int result = checked([&] { return ::fcntl(descriptor, F_SETSIG, SIGURG); });
  if (result < 0) return result;
  result = checked([&] { return ::fcntl(descriptor, F_SETLEASE, F_WRLCK); });
  if (result == -EAGAIN) return 0;
  if (result < 0) return result;
  result = checked([&] { return ::fcntl(descriptor, F_SETLEASE, F_UNLCK); });
  return result < 0 ? result : 1;
}

timespec System::now() {
  timespec time{};
  ::clock_gettime(CLOCK_REALTIME, &time);
  return time;
}

}  // namespace simplevisor::dirq
