// tests/consumer/support.hpp
//
// What the tests of the running consumer share: a private directory, queues with messages in them, handlers
// written to disk, and the program itself, started, read and waited for. Nothing here sleeps; every wait is
// for a fact and gives up after `patience`.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "workers/dirq/queue.hpp"
#include "workers/message/codec.hpp"

namespace simplevisor::consumer {

inline constexpr std::chrono::milliseconds patience{90'000};

class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    std::string name = testing::TempDir() + "consumer-XXXXXX";
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error{"mkdtemp"};
    path_ = name;
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  ~TemporaryDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  [[nodiscard]] std::string operator/(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

inline std::string script(const std::string& path, const std::string& text) {
  std::ofstream{path} << text;
  ::chmod(path.c_str(), 0755);
  return path;
}

inline dirq::Queue queue_at(const std::string& path) {
  return dirq::Queue::open(path).value();
}

inline std::string add(const std::string& queue, const std::string& body,
                       const message::Header& header = {}) {
  return queue_at(queue).add(message::encode({header, body, true}).value()).value().str();
}

inline std::string read_file(const std::string& path) {
  std::ifstream in{path};
  return {std::istreambuf_iterator<char>{in}, {}};
}

// The contents of a queue's elements, sorted by name.
inline std::vector<std::string> contents(const std::string& path) {
  std::vector<std::string> all;
  const auto entries = queue_at(path).list().value();
  for (const auto& entry : entries) all.push_back(read_file(path + "/" + entry.name.str()));
  return all;
}

// The body of a serialised message.
inline std::string body_of(const std::string& bytes) {
  const auto decoded = message::decode(bytes);
  return decoded ? decoded->message.body : decoded.error().text();
}

inline std::size_t locked(const std::string& path) {
  return queue_at(path).stat().value().locked;
}

// A process whose output is read line by line.
class Program {
 public:
  Program(std::vector<std::string> arguments, const std::string& error_file,
          const std::map<std::string, std::string>& variables = {}) {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw std::runtime_error{"pipe2"};
    output_ = ends[0];
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
    posix_spawn_file_actions_addopen(&actions, 2, error_file.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644);
    std::vector<std::string> environment;
    for (char** variable = environ; *variable != nullptr; ++variable) environment.emplace_back(*variable);
    for (const auto& [name, value] : variables) environment.push_back(name + "=" + value);
    const auto pointers = [](std::vector<std::string>& strings) {
      std::vector<char*> all;
      for (std::string& s : strings) all.push_back(s.data());
      all.push_back(nullptr);
      return all;
    };
    const auto argv = pointers(arguments);
    const auto envp = pointers(environment);
    if (posix_spawn(&pid_, argv[0], &actions, nullptr, argv.data(), envp.data()) != 0)
      throw std::runtime_error{"spawn"};
    posix_spawn_file_actions_destroy(&actions);
    ::close(ends[1]);
  }
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;
  ~Program() {
    if (pid_ > 0) {
      ::kill(pid_, SIGKILL);
      ::waitpid(pid_, nullptr, 0);
    }
    ::close(output_);
  }

  [[nodiscard]] pid_t pid() const { return pid_; }
  void signal(int number) const { ::kill(pid_, number); }

  // The next line of its standard output (and of its handlers'); nothing at its end.
  std::optional<std::string> line() {
    for (;;) {
      const std::size_t end = buffer_.find('\n');
      if (end != std::string::npos) {
        std::string text = buffer_.substr(0, end);
        buffer_.erase(0, end + 1);
        return text;
      }
      pollfd ready{output_, POLLIN, 0};
      if (::poll(&ready, 1, static_cast<int>(patience.count())) != 1) {
        ADD_FAILURE() << "no line within the time allowed";
        return std::nullopt;
      }
      std::array<char, 4096> piece{};
      const ssize_t size = ::read(output_, piece.data(), piece.size());
      if (size <= 0) return std::nullopt;
      buffer_.append(piece.data(), static_cast<std::size_t>(size));
    }
  }
  std::vector<std::string> lines() {
    std::vector<std::string> all;
    while (auto text = line()) all.push_back(*std::move(text));
    return all;
  }
  // Its exit status, or -signal.
  int wait() {
    int status = 0;
    while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
    pid_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  }

 private:
  pid_t pid_ = -1;
  int output_ = -1;
  std::string buffer_;
};

}  // namespace simplevisor::consumer
