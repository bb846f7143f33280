// tests/cli/support.hpp
//
// Commands in this process, against a supervisor that only talks.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "supervisor/cli/commands.hpp"
#include "supervisor/control/server.hpp"
#include "supervisor/runtime/journal/recorder.hpp"
#include "tests/control/fake_service.hpp"
#include "tests/patience.hpp"

namespace simplevisor::cli {

struct Result {
  int exit = -1;
  std::string out;
  std::string err;
};

class Commands : public ::testing::Test {
 protected:
  Commands() { std::ofstream(dir / "simplevisor.toml") << "[simplevisor]\nstate_dir = \".\"\n"; }
  void serve() {
    auto opened = control::Server::open(service, {.socket_path = dir / "control.sock"});
    ASSERT_TRUE(opened) << opened.error().message;
    server = *std::move(opened);
  }
  Result simplevisor(std::vector<std::string> words) {
    words.insert(words.begin(), {"--conf", dir / "simplevisor.toml"});
    std::ostringstream out;
    std::ostringstream err;
    Terminal terminal{out, err};
    const RunSupervisor supervisor = [](const CommandLine&, const Environment&, Terminal& terminal_of_run) {
      terminal_of_run.out << "running\n";
      return 42;
    };
    const int exit = run(std::move(words), [](const char*) { return std::nullopt; }, terminal, supervisor);
    return {exit, out.str(), err.str()};
  }

  // With --timeout, a short one if that was enough for the supervisor to be heard at all.
  Result in_time(const std::vector<std::string>& words) {
    Result result;
    testing::patiently(std::chrono::milliseconds{100}, [&](std::chrono::milliseconds limit) {
      std::vector<std::string> all{"--timeout", std::to_string(limit.count()) + "ms"};
      all.insert(all.end(), words.begin(), words.end());
      result = simplevisor(std::move(all));
      return !result.err.contains("did not answer in time");
    });
    return result;
  }

  testing::PrivateDir dir;
  testing::FakeService service;
  std::unique_ptr<control::Server> server;
};

}  // namespace simplevisor::cli
