// tests/dirq/killing.hpp
//
// Kills a process (SIGKILL) before a chosen one of its system calls.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <functional>
#include <string>

#include "tests/dirq/support.hpp"

namespace simplevisor::dirq::testing_support {

inline constexpr int steps_max = 400;  // far more than any of the programs makes calls

// What a child does. `tell` reports a letter that survives the kill.
using Program = std::function<void(HookedSystem& system, const std::function<void(char)>& tell)>;

// Runs `program` and kills it before its `step`th call. Returns the letters told; `ended` when it was not killed.
inline std::string run_and_kill(const Program& program, int step, bool& ended) {
  std::array<int, 2> ends{};
  EXPECT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
  const pid_t pid = ::fork();
  if (pid == 0) {
    HookedSystem killing;
    int left = step;
    killing.before = [&left](std::string_view) {
      if (--left == 0) ::kill(::getpid(), SIGKILL);
      return 0;
    };
    program(killing, [&](char letter) {
      if (::write(ends[1], &letter, 1) != 1) ::_exit(9);
    });
    ::_exit(0);
  }
  ::close(ends[1]);
  std::string told;
  for (char letter = 0; ::read(ends[0], &letter, 1) == 1;) told += letter;
  ::close(ends[0]);
  int status = 0;
  ::waitpid(pid, &status, 0);
  ended = WIFEXITED(status);
  if (ended) {
    EXPECT_EQ(WEXITSTATUS(status), 0);
  }
  return told;
}

}  // namespace simplevisor::dirq::testing_support
