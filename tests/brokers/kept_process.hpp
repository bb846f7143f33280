// tests/brokers/kept_process.hpp
//
// A process that ends with its owner: in the destructor, and also when the whole test is killed (see keeper.cpp).
//
// Output     of the process goes to a file, appended.
// Waiting    is for facts (a pipe's end), within a limit; passing it is an error that names the command.
// Errors     std::runtime_error.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace simplevisor::test {

using Command = std::vector<std::string>;
using Environment = std::map<std::string, std::string>;  // added to ours

class KeptProcess {
 public:
  KeptProcess(const Command& command, const Environment& environment, const std::filesystem::path& output);
  KeptProcess(const KeptProcess&) = delete;
  KeptProcess& operator=(const KeptProcess&) = delete;
  ~KeptProcess();  // SIGKILL, and everything it started too

  [[nodiscard]] pid_t pid() const noexcept { return pid_; }
  void signal(int number) const;
  void freeze() const;  // SIGSTOP, and back once no thread of it runs any more
  // Waits until the process and its descendants are gone: its exit status, or 128 and its signal.
  int wait(std::chrono::seconds limit);
  // A descriptor that becomes readable when the process ends; what it gives belongs to wait().
  [[nodiscard]] int ended_fd() const noexcept { return report_; }

 private:
  [[nodiscard]] std::optional<std::string> next_line(std::chrono::seconds limit);  // none: the end

  std::string name_;
  pid_t keeper_ = -1;
  pid_t pid_ = -1;
  int lifeline_ = -1;  // closing it ends the process
  int report_ = -1;
  std::string unread_;
};

struct Finished {
  int status = 0;
  std::string output;
};
// Runs to the end: what it wrote (through `scratch`, removed again), and its status.
[[nodiscard]] Finished run(const Command& command, const Environment& environment,
                           const std::filesystem::path& scratch, std::chrono::seconds limit);

// A new directory, in memory where there is such a place: brokers synchronise a lot, and a crash of theirs is not one of
// the machine.
[[nodiscard]] std::filesystem::path new_directory(const std::string& prefix);

[[nodiscard]] std::string content_of(const std::filesystem::path& file);

}  // namespace simplevisor::test
