// tests/bench/dirq/race.cpp
#include "tests/bench/dirq/race.hpp"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <exception>
#include <iostream>
#include <stdexcept>

namespace simplevisor::bench {

namespace {

struct Pipe {
  Pipe() {
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw std::runtime_error("pipe failed");
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  ~Pipe() {
    ::close(ends[0]);
    ::close(ends[1]);
  }
  std::array<int, 2> ends{};
};

double processor_seconds_of_children() {
  rusage usage{};
  ::getrusage(RUSAGE_CHILDREN, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

// `child(ready, go)` runs in each process and must not return while the work is undone.
template <class Child>
Took race_of(int processes, Child child) {
  const double processor_before = processor_seconds_of_children();
  const Pipe ready;
  const Pipe go;
  std::vector<pid_t> pids;
  for (int i = 0; i < processes; ++i) {
    const pid_t pid = ::fork();
    if (pid < 0) throw std::runtime_error("fork failed");
    if (pid == 0) {
      try {
        child(ready.ends[1], go.ends[0], i);
        ::_exit(0);
      } catch (const std::exception& failure) {
        std::cerr << failure.what() << '\n';
        ::_exit(1);
      }
    }
    pids.push_back(pid);
  }
  char byte = 0;
  for (int i = 0; i < processes; ++i) {
    if (::read(ready.ends[0], &byte, 1) != 1) throw std::runtime_error("a process did not become ready");
  }
  const auto from = std::chrono::steady_clock::now();
  const std::string release(static_cast<std::size_t>(processes), 'g');
  if (::write(go.ends[1], release.data(), release.size()) != static_cast<ssize_t>(release.size())) {
    throw std::runtime_error("release failed");
  }
  bool failed = false;
  for (const pid_t pid : pids) {
    int status = 0;
    ::waitpid(pid, &status, 0);
    failed = failed || status != 0;
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - from;
  if (failed) throw std::runtime_error("a process failed");
  return {took.count(), processor_seconds_of_children() - processor_before};
}

}  // namespace

Took race(int processes, const Runner& runner) {
  return race_of(processes, [&](int ready, int go, int index) {
    runner(
        [&] {
          char byte = 'r';
          if (::write(ready, &byte, 1) != 1 || ::read(go, &byte, 1) != 1)
            throw std::runtime_error("not released");
        },
        index);
  });
}

Took race(int processes, const std::vector<std::string>& command) {
  return race_of(processes, [&](int ready, int go, int) {
    ::dup2(go, STDIN_FILENO);
    ::dup2(ready, STDOUT_FILENO);
    std::vector<char*> arguments;
    for (const std::string& argument : command) arguments.push_back(const_cast<char*>(argument.c_str()));
    arguments.push_back(nullptr);
    ::execv(arguments[0], arguments.data());
    throw std::runtime_error("exec of " + command.front() + " failed");
  });
}

double median(std::vector<double> values) {
  if (values.empty()) return 0.0;
  std::ranges::sort(values);
  const std::size_t half = values.size() / 2;
  return values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
}

}  // namespace simplevisor::bench
