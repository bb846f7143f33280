// tests/bench/harness_test.cpp
//
// That the benchmark measures, and that its checks can fail: on the bare loops with a few workers, with no word about
// speed. Every process here is started by the harness, which is this test.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <string>

#include "tests/bench/harness/proc.hpp"
#include "tests/bench/harness/report.hpp"
#include "tests/bench/harness/run_program.hpp"
#include "tests/bench/harness/runner.hpp"
#include "tests/bench/harness/session.hpp"

namespace simplevisor::bench {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const std::filesystem::path programs = SIMPLEVISOR_BENCH_BIN;

class BenchHarness : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { ASSERT_TRUE(become_harness()); }
  void TearDown() override { EXPECT_THAT(descendants(::getpid()), IsEmpty()); }

  static Session::Setting setting(unsigned workers, const std::string& mode = "s") {
    return {programs / "bench-worker", workers, mode};
  }

  static System bare() { return bare_loops(programs).front(); }

  // The worker itself, supervised by nobody.
  static System unsupervised() {
    System system;
    system.name = "nobody";
    system.patience = 60s;
    system.prepare = [](const Job& job) {
      return Result<std::vector<std::string>>(
          std::vector<std::string>{job.worker.string(), job.argument("0")});
    };
    return system;
  }

  static System saying_no() {
    System system = bare();
    system.name = "refuser";
    system.prepare = [](const Job&) {
      return Result<std::vector<std::string>>(
          std::vector<std::string>{(programs / "bare-wait").string(), "no number", "", "", ""});
    };
    return system;
  }
};

TEST_F(BenchHarness, MeasuresEverythingOnTheBareLoops) {
  const auto systems = bare_loops(programs);
  const auto measures = all_measures();
  Conditions conditions;
  conditions.worker = programs / "bench-worker";
  conditions.scale = 0.005;
  conditions.kills = 3;
  conditions.idle = 20ms;
  conditions.rest = 0ms;
  conditions.leaving = 50ms;
  RunOptions options;
  options.rounds = 1;
  options.noise_max = 1;
  const auto results = run_measures(measures, systems, conditions, options);
  ASSERT_TRUE(results) << results.error().message;
  for (const MeasureResult& result : *results) {
    EXPECT_THAT(result.problems, IsEmpty()) << result.measure->id;
    for (const Row& row : rows_of(result, systems, [](const System&) { return true; })) {
      for (std::size_t i = 0; i < row.cells.size(); ++i) {
        EXPECT_TRUE(row.cells[i].value)
            << result.measure->id << ", " << row.system << ", " << result.measure->columns[i].head;
      }
    }
  }
}

TEST_F(BenchHarness, ReportsWorkersThatNeverSendABeaconAsLost) {
  System system = bare();
  system.patience = 200ms;
  const auto session = Session::prepare(system, setting(3, "m"));
  ASSERT_TRUE(session) << session.error().message;
  const auto started = (*session)->launch_and_await();
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().code, Errc::lost);
  EXPECT_THAT(started.error().message, HasSubstr("3 of 3 workers sent no beacon in time; not seen: 0, 1, 2"));
}

TEST_F(BenchHarness, ReportsAWorkerThatNobodyStartsAgain) {
  const System system = unsupervised();
  const auto session = Session::prepare(system, setting(1));
  ASSERT_TRUE(session) << session.error().message;
  ASSERT_TRUE((*session)->launch_and_await());
  const auto latency = (*session)->kill_and_await((*session)->workers().front());
  ASSERT_FALSE(latency);
  EXPECT_EQ(latency.error().code, Errc::ended);
  EXPECT_THAT(latency.error().message, HasSubstr("was killed by signal 9"));
}

TEST_F(BenchHarness, ReportsASystemThatEndsAndWhatItWrote) {
  const System system = saying_no();
  const auto session = Session::prepare(system, setting(1));
  ASSERT_TRUE(session) << session.error().message;
  const auto started = (*session)->launch_and_await();
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().code, Errc::ended);
  EXPECT_THAT(started.error().message, HasSubstr("ended with status 2; it wrote: usage:"));
}

TEST_F(BenchHarness, ReportsASystemThatCannotStopItsWorkersAndKillsThem) {
  System system = bare();
  system.stop_patience = 200ms;
  const auto session = Session::prepare(system, setting(2, "i"));
  ASSERT_TRUE(session) << session.error().message;
  ASSERT_TRUE((*session)->launch_and_await());
  const auto stopped = (*session)->stop();
  ASSERT_FALSE(stopped);
  EXPECT_EQ(stopped.error().code, Errc::stuck);
  EXPECT_THAT(stopped.error().message, HasSubstr("3 processes were left"));
  EXPECT_THAT(descendants(::getpid()), IsEmpty());
}

TEST_F(BenchHarness, RefusesMoreWorkersThanASystemCanRun) {
  System system = bare();
  system.workers_max = 1;
  const auto session = Session::prepare(system, setting(2));
  ASSERT_FALSE(session);
  EXPECT_EQ(session.error().code, Errc::unavailable);
}

TEST_F(BenchHarness, RepeatsNoisyRoundsAsOftenAsThereAreRoundsAndSaysSo) {
  const std::vector<System> systems{bare()};
  unsigned sessions = 0;
  const std::vector<Measure> measures{{"T",
                                       "test",
                                       {{"case",
                                         [&](const System&, Conditions&) {
                                           return Result<Series>(
                                               Series{{"n", {static_cast<double>(++sessions)}}});
                                         }}},
                                       {}}};
  Conditions conditions;
  RunOptions options;
  options.rounds = 3;
  options.noise_max = -1;  // no round can be that quiet
  const auto results = run_measures(measures, systems, conditions, options);
  ASSERT_TRUE(results) << results.error().message;
  EXPECT_EQ(sessions, 6u);
  EXPECT_EQ(results->front().cases.front().repeated, 3u);
  EXPECT_EQ(results->front().cases.front().noisy_used, 3u);
  EXPECT_EQ(results->front().collected.at("bare wait").at("case").at("n").size(), 3u);
}

TEST_F(BenchHarness, LeavesASystemThatFailsOutAndMeasuresTheOthers) {
  const std::vector<System> systems{bare(), saying_no()};
  const auto measures = all_measures();
  Conditions conditions;
  conditions.worker = programs / "bench-worker";
  conditions.scale = 0.002;
  RunOptions options;
  options.rounds = 2;
  options.noise_max = 1;
  const auto results = run_measures({measures[1]}, systems, conditions, options);
  ASSERT_TRUE(results) << results.error().message;
  EXPECT_EQ(results->front().problems.at("refuser").size(), 2u);  // one for each case
  EXPECT_FALSE(results->front().problems.contains("bare wait"));
  EXPECT_EQ(results->front().collected.at("bare wait").at("1000").at("ms").size(), 2u);
}

}  // namespace
}  // namespace simplevisor::bench
