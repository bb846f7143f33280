// tests/dirq/peer.hpp
//
// python3-dirq as a process of its own, which works on the queue of the test.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "tests/dirq/support.hpp"

namespace simplevisor::dirq::testing_support {

inline constexpr const char* python = "/usr/bin/python3";

// A process whose standard output is collected, and whose standard input ends when we say so.
class Process {
 public:
  explicit Process(const std::function<void()>& child) {
    std::array<int, 2> in{};
    std::array<int, 2> out{};
    EXPECT_EQ(::pipe2(in.data(), O_CLOEXEC) + ::pipe2(out.data(), O_CLOEXEC), 0);
    pid_ = ::fork();
    if (pid_ == 0) {
      ::dup2(in[0], STDIN_FILENO);
      ::dup2(out[1], STDOUT_FILENO);
      // A child that goes on without exec must not hold the ends of the others' pipes.
      ::close_range(STDERR_FILENO + 1, ~0U, 0);
      child();
      ::_exit(0);
    }
    ::close(in[0]);
    ::close(out[1]);
    input_ = in[1];
    output_ = out[0];
  }
  Process(Process&& other) noexcept
      : pid_(std::exchange(other.pid_, -1)),
        input_(std::exchange(other.input_, -1)),
        output_(other.output_) {}
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;
  Process& operator=(Process&&) = delete;
  ~Process() { EXPECT_EQ(pid_, -1) << "a process was not waited for"; }

  void close_input() {
    if (input_ >= 0) ::close(std::exchange(input_, -1));
  }
  std::string finish() {
    close_input();
    std::string text;
    std::array<char, 65536> buffer;
    for (ssize_t got; (got = ::read(output_, buffer.data(), buffer.size())) > 0;) {
      text.append(buffer.data(), static_cast<std::size_t>(got));
    }
    ::close(output_);
    int status = 0;
    ::waitpid(std::exchange(pid_, -1), &status, 0);
    EXPECT_EQ(status, 0);
    return text;
  }

 private:
  pid_t pid_ = -1;
  int input_ = -1;
  int output_ = -1;
};

class InteropTest : public QueueTest {
 protected:
  // Which of the two kinds the peer takes the queue for.
  explicit InteropTest(std::string kind = "simple") : kind_(std::move(kind)) {}

  [[nodiscard]] std::function<void()> peer(std::vector<std::string> arguments) const {
    return [this, arguments = std::move(arguments)] {
      std::vector<std::string> command{python, DIRQ_PEER, kind_, path.string()};
      command.insert(command.end(), arguments.begin(), arguments.end());
      std::vector<char*> pointers;
      for (std::string& argument : command) pointers.push_back(argument.data());
      pointers.push_back(nullptr);
      ::execv(python, pointers.data());
      ::_exit(127);
    };
  }
  // The peer's answer, without the last newline.
  [[nodiscard]] std::string ask(std::vector<std::string> arguments) const {
    std::string answer = Process(peer(std::move(arguments))).finish();
    if (!answer.empty() && answer.back() == '\n') answer.pop_back();
    return answer;
  }
  void tell(std::vector<std::string> arguments) const { EXPECT_EQ(ask(std::move(arguments)), ""); }

 private:
  std::string kind_;
};

}  // namespace simplevisor::dirq::testing_support
