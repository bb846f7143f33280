// tests/cli/run_program.hpp
//
// Runs the built program to its end and keeps what it printed.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace simplevisor::testing {

struct Finished {
  int exit = -1;  // 128 + signal when it was killed
  std::string out;
  std::string err;
};

// `environment`: set in addition to a plain one (PATH only). `directory`: where it runs.
Finished run_program(const std::vector<std::string>& command, const std::string& directory,
                     const std::vector<std::pair<std::string, std::string>>& environment = {});

}  // namespace simplevisor::testing
