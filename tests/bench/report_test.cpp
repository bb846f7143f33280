// tests/bench/report_test.cpp
//
// From numbers to verdicts: percentiles, ratios to the fastest bare loop, targets reached and missed.
#include "tests/bench/harness/report.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/bench/harness/statistics.hpp"

namespace simplevisor::bench {
namespace {

using ::testing::HasSubstr;

TEST(Percentile, IsTheNearestRank) {
  const std::vector<double> values{5, 1, 4, 2, 3};
  EXPECT_EQ(percentile(values, 0.5), 3);
  EXPECT_EQ(percentile(values, 0.99), 5);
  EXPECT_EQ(percentile(values, 1), 5);
  EXPECT_EQ(percentile(values, 0), 1);
}

TEST(Median, OfAnEvenNumberIsTheMeanOfTheTwoInTheMiddle) {
  EXPECT_EQ(median({4, 1, 3, 2}), 2.5);
  EXPECT_EQ(median({7}), 7);
}

class Report : public ::testing::Test {
 protected:
  Report() {
    for (const auto& [name, is_bare] : {std::pair{"bare a", true}, {"bare b", true}, {"ours", false}}) {
      System system;
      system.name = name;
      system.bare = is_bare;
      systems_.push_back(system);
    }
    const auto value_of = [](const char* series) {
      return [series](const Collected& collected) -> std::optional<double> {
        const auto found = collected.at("case").find(series);
        if (found == collected.at("case").end()) return std::nullopt;
        return median(found->second);
      };
    };
    measure_.id = "T";
    measure_.columns = {{"time", value_of("time"), 1, true, Better::lower, 1.5},
                        {"rate", value_of("rate"), 0, true, Better::higher, 0.6},
                        {"memory", value_of("memory"), 1, false, Better::lower, {}, 12.0}};
    result_.measure = &measure_;
  }

  void measured(const std::string& system, double time, double rate, double memory) {
    result_.collected[system]["case"] = {{"time", {time}}, {"rate", {rate}}, {"memory", {memory}}};
  }

  std::vector<Row> rows() {
    return rows_of(result_, systems_, [](const System& system) { return system.name == "ours"; });
  }

  std::vector<System> systems_;
  Measure measure_;
  MeasureResult result_;
};

TEST_F(Report, TakesRatiosToTheFastestBareLoopOfEachColumn) {
  measured("bare a", 10, 300, 1);
  measured("bare b", 20, 400, 1);
  measured("ours", 15, 200, 11);
  const auto table = rows();
  EXPECT_EQ(table[2].cells[0].ratio, 1.5);
  EXPECT_EQ(table[2].cells[1].ratio, 0.5);
  EXPECT_EQ(table[2].cells[2].ratio, std::nullopt);
}

TEST_F(Report, SaysWhichTargetsAreReachedAndWhichAreMissed) {
  measured("bare a", 10, 300, 1);
  measured("bare b", 20, 400, 1);
  measured("ours", 15, 200, 12.5);
  const auto table = rows();
  EXPECT_EQ(table[0].cells[0].pass, std::nullopt);  // nobody judges the bare loops
  EXPECT_EQ(table[2].cells[0].pass, true);
  EXPECT_EQ(table[2].cells[1].pass, false);
  EXPECT_EQ(table[2].cells[2].pass, false);
  const std::string text = markdown(result_, table);
  EXPECT_THAT(text, HasSubstr("time <= 1.5 x: pass, rate >= 0.6 x: **MISS**, memory <= 12: **MISS**"));
}

TEST_F(Report, ShowsWhatCouldNotBeMeasuredAndWhy) {
  measured("bare a", 10, 300, 1);
  result_.problems["ours"] = {"case: ours: 1 of 3 workers sent no beacon in time"};
  const auto table = rows();
  EXPECT_EQ(table[2].cells[0].value, std::nullopt);
  EXPECT_EQ(table[2].cells[0].pass, std::nullopt);
  EXPECT_THAT(markdown(result_, table), HasSubstr("- FAILED, ours: case: ours: 1 of 3 workers"));
}

}  // namespace
}  // namespace simplevisor::bench
