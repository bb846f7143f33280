// tests/integration/host.hpp
//
// A supervisor under test: the real program with a configuration of its own in a directory of its own. Ends, with
// everything it started, when the test does.
#pragma once

#include <sys/types.h>

#include <boost/json.hpp>
#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "tests/eventually.hpp"

namespace simplevisor::integration {

struct Outcome {
  int exit_code = -1;  // 128 + n: killed by signal n
  std::string out;
  std::string err;
};

// Runs a program to its end, standard input empty; at most a minute.
Outcome run(const std::vector<std::string>& command);

class Host {
 public:
  // `toml`: the configuration without its [simplevisor] table. @DIR@ stands for the host's directory.
  explicit Host(std::string toml);
  Host(const Host&) = delete;
  Host& operator=(const Host&) = delete;
  ~Host();

  // `simplevisor start` in the foreground, as our child. up(): waits until it says that the tree is up.
  // `before`: a command that starts it, such as unshare(1) with its options.
  void launch(std::vector<std::string> before = {});
  void up();
  // Runs `simplevisor --conf ... ARGUMENTS`.
  [[nodiscard]] Outcome cli(const std::vector<std::string>& arguments) const;
  void signal(int number) const;
  // Waits until the supervisor has ended.
  Outcome wait();

  // The status row of a node; fails the test when there is none.
  [[nodiscard]] boost::json::object node(const std::string& path) const;
  [[nodiscard]] pid_t pid_of(const std::string& path) const;

  [[nodiscard]] const std::string& dir() const { return dir_; }
  [[nodiscard]] std::string read(const std::string& name) const;  // of a file in the directory; "" if none
  [[nodiscard]] std::vector<std::string> lines(const std::string& name) const;
  [[nodiscard]] pid_t pid() const { return pid_; }
  [[nodiscard]] std::string log() const { return read("stderr"); }

 private:
  std::string dir_;
  pid_t pid_ = 0;
};

using test::eventually;

bool alive(pid_t pid);  // and not a zombie

}  // namespace simplevisor::integration
