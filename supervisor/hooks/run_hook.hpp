// supervisor/hooks/run_hook.hpp
//
// Runs a program for a person's or another system's attention: a dossier on its standard input, a time limit, its whole
// process group ended when that is over.
//
// Output     the program's own output is ours: under a supervisor that captures it, it is in the log.
// Errors     as a sentence: what it was, and whether it could not be started, took too long or failed.
// Threads    blocks; any thread of a process that does not wait for children it does not know.
#pragma once

#include <chrono>
#include <expected>
#include <string>
#include <utility>
#include <vector>

namespace simplevisor::hooks {

struct HookRun {
  std::string program;                                           // a path
  std::vector<std::pair<std::string, std::string>> environment;  // beside our own
  std::string input;
  std::chrono::milliseconds timeout{30'000};
  int hurry = -1;  // a descriptor: once it can be read, there is `hurried` left
  std::chrono::milliseconds hurried{2'000};
};

// Whoever does not read all of the input has not failed for that.
[[nodiscard]] std::expected<void, std::string> run_hook(const HookRun& run);

}  // namespace simplevisor::hooks
