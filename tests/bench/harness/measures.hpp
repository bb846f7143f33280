// tests/bench/harness/measures.hpp
//
// What is measured, and what simplevisor must reach: the table of measures M1 .. M7. A measure has cases
// (sizes); a case is one session with one system and yields series of numbers; columns reduce the series of
// all rounds to what is shown, compared with the fastest bare loop, and judged.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "tests/bench/harness/system.hpp"

namespace simplevisor::bench {

struct Conditions {
  std::filesystem::path worker;
  unsigned kills = 100;                     // M1, M7: per session
  std::chrono::milliseconds idle{5000};     // M3
  std::chrono::milliseconds rest{1000};     // M3: after the start; allocators and run-time systems tidy up
  std::chrono::milliseconds leaving{1500};  // M5
  double scale = 1.0;      // of all numbers of workers above 8; for a quick look, and the tests
  std::mt19937 random{1};  // victims and pauses

  [[nodiscard]] unsigned scaled(unsigned workers) const;
};

using Series = std::map<std::string, std::vector<double>>;  // by what: "latency_us", "cpu_us", ...

struct Case {
  std::string label;  // unique within its measure
  std::function<Result<Series>(const System&, Conditions&)> session;
};

// All rounds of one system together, by the label of the case. A case that could not be measured is absent.
using Collected = std::map<std::string, Series>;

enum class Better { lower, higher };

struct Column {
  std::string head;
  std::function<std::optional<double>(const Collected&)> value;
  int decimals = 1;
  bool ratio = false;  // to the fastest bare loop of this column
  Better better = Better::lower;
  std::optional<double> ratio_limit{};     // judged: at most that (lower is better) or at least that
  std::optional<double> absolute_limit{};  // judged: at most that
};

struct Measure {
  std::string id;
  std::string title;
  std::vector<Case> cases;
  std::vector<Column> columns;
  unsigned rounds_max = 100;  // fewer rounds where one is long and steady
};

std::vector<Measure> all_measures();

}  // namespace simplevisor::bench
