// `check --nagios`: from rows, and from the words on the command line, to what a monitoring system reads.
#include "supervisor/cli/nagios.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "tests/cli/support.hpp"

namespace simplevisor::cli {
namespace {

using runtime::NodeType;
using runtime::Verdict;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

runtime::NodeStatus worker(const std::string& path, Verdict verdict) {
  auto row = testing::node(path, NodeType::worker, verdict == Verdict::good ? "running" : "restarting");
  row.verdict = verdict;
  row.ready = verdict == Verdict::good ? 1 : 0;
  return row;
}

Rows tree(std::size_t healing, std::size_t failed) {
  auto root = testing::node("root", NodeType::supervisor);
  root.restarts = 2;
  root.restarts_limit = 5;
  Rows rows{root, worker("root/a", Verdict::good)};
  for (std::size_t n = 0; n < healing; ++n)
    rows.push_back(worker("root/h" + std::to_string(n), Verdict::healing));
  for (std::size_t n = 0; n < failed; ++n)
    rows.push_back(worker("root/f" + std::to_string(n), Verdict::failed));
  return rows;
}

NagiosRanges ranges(const char* warning, const char* critical) {
  NagiosRanges result;
  if (warning) result.warning = *NagiosRange::parse(warning);
  if (critical) result.critical = *NagiosRange::parse(critical);
  return result;
}

TEST(Nagios, JudgesTheNumberOfNodesThatAreNotAsExpected) {
  struct Case {
    std::size_t healing, failed;
    const char* warning;
    const char* critical;
    NagiosExit exit;
  };
  const Case cases[] = {
      {0, 0, nullptr, nullptr, NagiosExit::ok},
      {1, 0, nullptr, nullptr, NagiosExit::warning},
      {0, 1, nullptr, nullptr, NagiosExit::critical},
      {3, 1, nullptr, nullptr, NagiosExit::critical},
      {2, 0, "2", nullptr, NagiosExit::ok},
      {3, 0, "2", nullptr, NagiosExit::warning},
      {0, 1, "2", nullptr, NagiosExit::critical},  // a level without a range keeps its rule
      {0, 1, "2", "2", NagiosExit::ok},
      {1, 2, "2", "5", NagiosExit::warning},
      {3, 3, "2", "5", NagiosExit::critical},
      {2, 0, nullptr, "1", NagiosExit::critical},
      {1, 0, nullptr, "1", NagiosExit::warning},
      {1, 0, "@1:2", "@3:4", NagiosExit::warning},
      {5, 0, "@1:2", "@3:4", NagiosExit::ok},
      {0, 0, "1:", nullptr, NagiosExit::warning},
  };
  for (const Case& c : cases) {
    const auto report = nagios_report(tree(c.healing, c.failed), ranges(c.warning, c.critical));
    EXPECT_EQ(report.exit, c.exit) << report.text;
  }
}

TEST(Nagios, PutsTheWorstIntoTheFirstLineAndFiguresBehindIt) {
  EXPECT_EQ(nagios_report(tree(0, 0), {}).text,
            "SIMPLEVISOR OK: 1 of 1 workers ready | unexpected=0;;;0;2 ready=1;;;0; wanted=1;;;0; "
            "'root restarts'=2;;;0;5\n");
  Rows rows = tree(1, 1);
  rows.back().why = "exited with status 3";
  rows.back().next = "restart in 4.2 s";
  EXPECT_EQ(nagios_report(rows, ranges("0", "@10:20")).text,
            "SIMPLEVISOR WARNING: 1 of 3 workers ready, 2 of 4 nodes not as expected: root/f0 restarting "
            "(exited with status 3), restart in 4.2 s | unexpected=2;0;@10:20;0;4 ready=1;;;0; wanted=3;;;0; "
            "'root restarts'=2;;;0;5\n"
            "root/f0 restarting (exited with status 3), restart in 4.2 s\n"
            "root/h0 restarting\n");
}

TEST(Nagios, LetsNoTextOfAWorkerBreakTheForm) {
  Rows rows = tree(0, 1);
  rows.back().why = "said | 'x'=1;2\nnext \x01\xff" + std::string(5000, 'y');
  rows.front().path = "it's=root";
  const std::string text = nagios_report(rows, {}).text;
  EXPECT_EQ(std::ranges::count(text, '|'), 1);
  EXPECT_EQ(std::ranges::count(text, '\n'), 1);
  EXPECT_THAT(text, HasSubstr("'it_s_root restarts'=2"));
  EXPECT_LT(text.size(), 600u);
}

TEST(Nagios, IsBoundedForTenThousandNodes) {
  Rows rows = tree(0, 10'000);
  for (int n = 0; n < 1'000; ++n)
    rows.push_back(testing::node("root/supervisor-" + std::to_string(n), NodeType::supervisor));
  const std::string text = nagios_report(rows, {}).text;
  EXPECT_LT(text.size(), 8'192u) << "what Nagios reads of a plugin";
  EXPECT_THAT(text, EndsWith("and 9980 more\n"));
  EXPECT_THAT(text, HasSubstr("'root/supervisor-0 restarts'="));
}

TEST_F(Commands, CheckForNagiosWorksPerSubtree) {
  service.rows = tree(1, 0);
  serve();
  Result result = simplevisor({"check", "--nagios"});
  EXPECT_EQ(result.exit, 1);
  EXPECT_THAT(result.out, StartsWith("SIMPLEVISOR WARNING: 1 of 2 workers ready, 1 of 3 nodes"));
  EXPECT_THAT(result.err, IsEmpty());
  result = simplevisor({"check", "--nagios", "root/a"});
  EXPECT_EQ(result.exit, 0);
  EXPECT_THAT(result.out, StartsWith("SIMPLEVISOR OK: 1 of 1 workers ready |"));
  EXPECT_EQ(simplevisor({"check", "--nagios", "-w", "1", "-c", "@5:10"}).exit, 0);
  EXPECT_EQ(simplevisor({"check", "--nagios", "-w", "-5:0", "--critical", "~:9"}).exit, 1);
  EXPECT_EQ(simplevisor({"check", "--nagios", "--warning=10", "-c", "-5:0"}).exit, 2);
}

TEST_F(Commands, CheckForNagiosCallsMistakesUnknownInOneLineOfStandardOutput) {
  serve();
  const std::vector<std::string> cases[] = {
      {"-w", "20:10"}, {"-c", "x"},     {"-w", ""},       {"-w"},     {"--no-such-option"},
      {"--json"},      {"root/none"},   {"root//a"},      {"a", "b"}, {"-w", "1", "-c", ":"},
      {"-w", "--"},    {"-c", "10;20"}, {"--timeout=0s"},
  };
  for (auto words : cases) {
    words.insert(words.begin(), {"check", "--nagios"});
    const Result result = simplevisor(words);
    EXPECT_EQ(result.exit, 3) << result.out;
    EXPECT_THAT(result.out, StartsWith("SIMPLEVISOR UNKNOWN: "));
    EXPECT_EQ(std::ranges::count(result.out, '\n'), 1) << result.out;
    EXPECT_THAT(result.err, IsEmpty());
  }
  EXPECT_THAT(simplevisor({"check", "--nagios", "-w", "20:10"}).out,
              HasSubstr("--warning: the range \"20:10\" ends before it begins"));
}

TEST_F(Commands, CheckForNagiosCallsASupervisorThatIsDownCritical) {
  const Result result = simplevisor({"check", "--nagios"});
  EXPECT_EQ(result.exit, 2);
  EXPECT_THAT(result.out, StartsWith("SIMPLEVISOR CRITICAL: "));
}

TEST_F(Commands, RangesBelongToNagios) {
  serve();
  const Result result = simplevisor({"check", "-w", "1"});
  EXPECT_EQ(result.exit, 2);
  EXPECT_THAT(result.err, HasSubstr("belong behind --nagios"));
}

}  // namespace
}  // namespace simplevisor::cli
