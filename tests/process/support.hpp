// tests/process/support.hpp
//
// What the tests of processes share: a system call table that records and fails on demand, pipes, directories.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "supervisor/process/syscalls.hpp"

namespace simplevisor::process {

// The child of a launch writes into the same memory, so its calls are recorded, too. No allocation for that reason.
struct Recorder {
  static inline std::array<long, 512> numbers{};
  static inline std::size_t count = 0;
  static inline long failing = -1;    // the number of the call that shall fail ...
  static inline int with_error = 0;   // ... with this ...
  static inline int after = 0;        // ... after so many that succeed
  static inline long pretended = -1;  // the number of a call that succeeds without being made
  static inline int clone_error = 0;  // clone fails with this

  static void reset() {
    count = 0;
    failing = -1;
    after = 0;
    pretended = -1;
    clone_error = 0;
  }
  static void fail(long number, int error, int successes = 0) {
    failing = number;
    with_error = error;
    after = successes;
  }
  static std::vector<long> calls() { return {numbers.begin(), numbers.begin() + count}; }

  static const Syscalls& table() {
    static constexpr Syscalls recording{&record, &clone};
    return recording;
  }

 private:
  static long record(long number, long a, long b, long c, long d, long e) {
    if (count < numbers.size()) numbers[count++] = number;
    if (number == failing && after-- <= 0) {
      failing = -1;
      errno = with_error;
      return -1;
    }
    if (number == pretended) return 0;
    return real_syscalls().call(number, a, b, c, d, e);
  }
  static pid_t clone(int (*child)(void*), void* stack, int flags, void* arg, int* pidfd) {
    if (clone_error != 0) {
      errno = std::exchange(clone_error, 0);
      return -1;
    }
    return real_syscalls().clone(child, stack, flags, arg, pidfd);
  }
};

struct Pipe {
  int read_end = -1;
  int write_end = -1;

  Pipe() {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) std::abort();
    read_end = ends[0];
    write_end = ends[1];
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  ~Pipe() {
    close_write_end();
    ::close(read_end);
  }
  void close_write_end() {
    if (write_end >= 0) ::close(std::exchange(write_end, -1));
  }
  // All until everybody else closed the other end.
  std::string read_all() {
    close_write_end();
    std::string text;
    std::array<char, 4096> buffer;
    for (ssize_t got = 0; (got = ::read(read_end, buffer.data(), buffer.size())) > 0;) {
      text.append(buffer.data(), static_cast<std::size_t>(got));
    }
    return text;
  }
};

class Directory {
 public:
  Directory() {
    std::string name = testing::TempDir() + "simplevisor-XXXXXX";
    if (::mkdtemp(name.data()) == nullptr) std::abort();
    path_ = name;
  }
  Directory(const Directory&) = delete;
  Directory& operator=(const Directory&) = delete;
  ~Directory() { std::filesystem::remove_all(path_); }
  [[nodiscard]] std::string operator/(const std::string& name) const { return (path_ / name).string(); }
  [[nodiscard]] std::string path() const { return path_.string(); }

 private:
  std::filesystem::path path_;
};

inline std::string slurp(const std::string& path) {
  std::ifstream file{path};
  return {std::istreambuf_iterator<char>{file}, {}};
}

inline void spill(const std::string& path, const std::string& text, int mode = 0644) {
  std::ofstream{path} << text;
  std::filesystem::permissions(path, static_cast<std::filesystem::perms>(mode));
}

// The test programs stand beside the tests.
inline std::string program(const std::string& name) {
  return (std::filesystem::read_symlink("/proc/self/exe").parent_path() / name).string();
}

inline std::map<std::string, std::string> parse_lines(const std::string& text) {
  std::map<std::string, std::string> values;
  std::istringstream lines{text};
  for (std::string line; std::getline(lines, line);) {
    const auto equals = line.find('=');
    if (equals != std::string::npos) values[line.substr(0, equals)] = line.substr(equals + 1);
  }
  return values;
}

inline bool no_children_left() {
  siginfo_t info{};
  return ::waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == -1 && errno == ECHILD;
}

// Waits for our child; its exit code, or 1000 + signal.
inline int wait_for(pid_t pid) {
  siginfo_t info{};
  while (::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED) != 0) {
    if (errno != EINTR) return -1;
  }
  return info.si_code == CLD_EXITED ? info.si_status : 1000 + info.si_status;
}

// Runs `body` in a forked process, for what cannot be undone in this one; its result is the exit code.
inline int in_fork(const std::function<int()>& body) {
  const pid_t pid = ::fork();
  if (pid == 0) ::_exit(body());
  return wait_for(pid);
}

}  // namespace simplevisor::process
