// tests/bench/harness/main.cpp
//
// simplevisor-bench: measures simplevisor, the bare loops and, if asked, other supervisors, in turns. See
// docs/benchmarks.md.
//
// Exit codes  0 measured (whether targets were reached or not is in the table), 1 a system failed or the
//             harness did, 2 usage, 130 interrupted.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>

#include "tests/bench/harness/report.hpp"
#include "tests/bench/harness/run_program.hpp"
#include "tests/bench/harness/runner.hpp"

namespace {

using namespace simplevisor::bench;
namespace fs = std::filesystem;

struct Arguments {
  std::vector<std::string> measures;
  std::vector<std::string> systems;
  unsigned rounds = 0;
  bool quick = false;
  bool peers = false;
  std::string simplevisor;
  std::string json_file;
  double scale = 1.0;
  double noise_percent = 10;
  double minutes = 0;
};

template <class T, class Name>
bool keep_named(std::vector<T>& all, const std::vector<std::string>& wanted, Name name) {
  for (const std::string& one : wanted) {
    if (std::ranges::any_of(all, [&](const T& item) { return name(item) == one; })) continue;
    fmt::print(stderr, "simplevisor-bench: no such name: {}\n", one);
    return false;
  }
  if (!wanted.empty())
    std::erase_if(all, [&](const T& item) { return !std::ranges::count(wanted, name(item)); });
  return true;
}

std::vector<System> all_systems(const Arguments& arguments, const fs::path& programs) {
  std::vector<System> systems = bare_loops(programs);
  if (!arguments.simplevisor.empty()) {
    const fs::path program = fs::absolute(arguments.simplevisor);
    systems.push_back(simplevisor_workers(program));
    systems.push_back(simplevisor_pool(program));
  }
  if (arguments.peers) {
    std::vector<std::string> missing;
    for (System& peer : peers(SIMPLEVISOR_BENCH_PEERS, missing)) systems.push_back(std::move(peer));
    for (const std::string& text : missing) fmt::print(stderr, "simplevisor-bench: left out: {}\n", text);
  }
  return systems;
}

int measure(const Arguments& arguments) {
  if (auto ready = become_harness(); !ready) {
    fmt::print(stderr, "simplevisor-bench: {}\n", ready.error().message);
    return 1;
  }
  const fs::path programs = fs::read_symlink("/proc/self/exe").parent_path();
  std::vector<System> systems = all_systems(arguments, programs);
  std::vector<Measure> measures = all_measures();
  if (!keep_named(systems, arguments.systems, [](const System& system) { return system.name; })) return 2;
  if (!keep_named(measures, arguments.measures, [](const Measure& item) { return item.id; })) return 2;

  Conditions conditions;
  conditions.worker = programs / "bench-worker";
  conditions.scale = arguments.scale;
  RunOptions options;
  options.noise_max = arguments.noise_percent / 100;
  if (arguments.peers) options.time_max *= 3;
  if (arguments.quick) {
    conditions.kills = 50;
    conditions.idle = std::chrono::seconds(2);
    conditions.leaving = std::chrono::milliseconds(500);
    options.rounds = 2;
    options.time_max /= 6;
  }
  if (arguments.rounds > 0) options.rounds = arguments.rounds;
  if (arguments.minutes > 0)
    options.time_max = std::chrono::seconds(static_cast<long>(arguments.minutes * 60));
  options.progress = [](const std::string& text) { fmt::print(stderr, "{}\n", text); };

  const auto results = run_measures(measures, systems, conditions, options);
  if (!results) {
    fmt::print(stderr, "simplevisor-bench: {}\n", results.error().message);
    return results.error().code == Errc::interrupted ? 130 : 1;
  }
  bool failed = false;
  std::vector<std::vector<Row>> rows;
  for (const MeasureResult& result : *results) {
    rows.push_back(rows_of(result, systems,
                           [](const System& system) { return system.name.starts_with("simplevisor"); }));
    fmt::print("{}\n", markdown(result, rows.back()));
    std::fflush(stdout);
    failed = failed || !result.problems.empty();
  }
  fmt::print("{}", footnotes(systems));
  if (!arguments.json_file.empty()) {
    std::ofstream file(arguments.json_file);
    file << json(*results, rows, systems);
    file.close();
    if (!file) {
      fmt::print(stderr, "simplevisor-bench: cannot write {}\n", arguments.json_file);
      return 1;
    }
  }
  return failed ? 1 : 0;
}

}  // namespace

int main(int argc, char** argv) {
  Arguments arguments;
  CLI::App app{"Measures supervisors against bare loops that start the same program again at once"};
  app.add_option("--simplevisor", arguments.simplevisor,
                 "The simplevisor program; without it only the others run");
  app.add_flag("--peers", arguments.peers, "Also runit, s6, supervisord and Erlang/OTP, where installed");
  app.add_flag("--quick", arguments.quick, "Fewer and shorter rounds, under two minutes");
  app.add_option("--measure", arguments.measures, "Only these: M1,M2,...")->delimiter(',');
  app.add_option("--system", arguments.systems, "Only these, by the names in the table")->delimiter(',');
  app.add_option("--rounds", arguments.rounds, "Rounds of each measure")->check(CLI::Range(1, 100));
  app.add_option("--scale", arguments.scale, "Factor on the numbers of workers")
      ->check(CLI::Range(0.001, 2.0));
  app.add_option("--noise", arguments.noise_percent, "Per cent of the processors others may use")
      ->check(CLI::Range(0.0, 100.0));
  app.add_option("--minutes", arguments.minutes, "Longest time for all")->check(CLI::Range(0.1, 600.0));
  app.add_option("--json", arguments.json_file, "Write everything measured to this file");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  return measure(arguments);
}
