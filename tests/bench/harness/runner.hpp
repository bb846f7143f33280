// tests/bench/harness/runner.hpp
//
// Runs measures: the systems take turns in rounds, so that a slow minute of the machine hits them all; a
// round in which others used the processors is repeated, within bounds.
//
// Bounds    rounds: those asked for and as many again for noisy ones; time: no round begins when its share of
//           the whole time is spent (the first of each case always does).
// Errors    a system that fails is left out of the rest of that case, and its row says why.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "tests/bench/harness/measures.hpp"

namespace simplevisor::bench {

struct RunOptions {
  unsigned rounds = 5;
  double noise_max = 0.10;  // share of the processors that others may use
  std::chrono::seconds time_max{660};
  std::function<void(const std::string&)> progress;
};

struct CaseRounds {
  std::string label;
  unsigned used = 0;        // rounds that the result is made of
  unsigned noisy_used = 0;  // of these, with more noise than allowed, as there were not enough others
  unsigned repeated = 0;    // rounds that were thrown away
  double noise_max = 0;     // the worst of the rounds used
};

struct MeasureResult {
  const Measure* measure = nullptr;
  std::vector<CaseRounds> cases;
  std::map<std::string, Collected> collected;                // by system
  std::map<std::string, std::vector<std::string>> problems;  // by system; what failed
  std::map<std::string, std::vector<std::string>> unable;    // by system; what it or this machine cannot do
};

// Stops early only when interrupted.
Result<std::vector<MeasureResult>> run_measures(const std::vector<Measure>& measures,
                                                const std::vector<System>& systems, Conditions& conditions,
                                                const RunOptions& options);

}  // namespace simplevisor::bench
