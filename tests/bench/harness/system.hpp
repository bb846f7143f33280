// tests/bench/harness/system.hpp
//
// A system under test: how to make it run a number of workers, and what has to be known of it to measure it
// fairly. One function per system; session.hpp runs them.
#pragma once

#include <chrono>
#include <csignal>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "tests/bench/harness/error.hpp"

namespace simplevisor::bench {

// What a system shall run: `workers` times the worker program with the argument "FIFO:ID:MODE" (see
// worker.c).
struct Job {
  unsigned workers = 0;
  std::string mode = "s";
  std::filesystem::path worker;
  std::filesystem::path directory;  // private and empty: configuration and state go there
  std::string fifo;

  // The worker's argument, with whatever stands for a number in the system's own configuration as `id`.
  [[nodiscard]] std::string argument(std::string_view id) const;
};

struct System {
  std::string name;
  std::string note;   // what exactly it is, for the report
  bool bare = false;  // ratios are taken to the fastest of these
  bool slow = false;  // answers in seconds: measured less often
  unsigned workers_max = 20'000;
  int stop_signal = SIGTERM;
  std::chrono::milliseconds settle{50};      // from the last beacon until it is in its steady state
  std::chrono::milliseconds patience{2000};  // a worker not seen for so long is lost
  std::chrono::milliseconds stop_patience{20'000};

  // Writes what the system needs into the job's directory and returns the command line that starts it in the
  // foreground. Not part of any measured time.
  std::function<Result<std::vector<std::string>>(const Job&)> prepare;
};

// Writes a file whole, creating its folder.
Result<void> write_file(const std::filesystem::path& path, const std::string& text, bool executable = false);

// The absolute path of a program in PATH.
Result<std::string> find_program(const std::string& name);

// `programs` holds bare-wait, bare-signalfd and bare-pidfd.
std::vector<System> bare_loops(const std::filesystem::path& programs);

// `program` is simplevisor itself: N workers of their own, and one pool of N.
System simplevisor_workers(const std::filesystem::path& program);
System simplevisor_pool(const std::filesystem::path& program);

// Those of runit, s6, supervisord and Erlang/OTP that are installed; `missing` names the others. `sources`
// holds bench_peer.erl.
std::vector<System> peers(const std::filesystem::path& sources, std::vector<std::string>& missing);

}  // namespace simplevisor::bench
