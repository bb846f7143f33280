// The syntax of ranges as the Monitoring Plugins Development Guidelines define it, and what is none.
#include "supervisor/cli/nagios_range.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace simplevisor::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(NagiosRange, AlertsAsTheGuidelinesSay) {
  struct Case {
    const char* range;
    std::vector<double> alert;
    std::vector<double> quiet;
  };
  const Case cases[] = {
      // The guidelines' own table.
      {"10", {-1, -0.5, 10.001, 11}, {0, 5, 10}},
      {"10:", {9.999, 0, -20}, {10, 11, 1e12}},
      {"~:10", {10.5, 11}, {10, 0, -1e12}},
      {"10:20", {9, 21, -15}, {10, 15, 20}},
      {"@10:20", {10, 15, 20}, {9.999, 20.001, -15}},
      // And its rules, taken further.
      {"0", {-1, 1}, {0}},
      {"0:", {-1}, {0, 1}},
      {"0:10", {-1, 11}, {0, 10}},
      {":10", {-1, 11}, {0, 10}},
      {"~:", {}, {-1e300, 0, 1e300}},
      {"@~:", {-1e300, 0, 1e300}, {}},
      {"@10", {0, 10}, {-1, 11}},
      {"@10:", {10, 11}, {9}},
      {"@~:10", {-5, 10}, {11}},
      {"-10:-5", {-11, -4, 0}, {-10, -7.5, -5}},
      {"-5:5", {-6, 6}, {-5, 0, 5}},
      {"1.5:2.5", {1.4, 2.6}, {1.5, 2.5}},
      {"10:10", {9, 11}, {10}},
      {"+1:+2", {0, 3}, {1, 2}},
      {".5", {0.6}, {0.5}},
      {"007", {8}, {7}},
  };
  for (const Case& c : cases) {
    const auto range = NagiosRange::parse(c.range);
    ASSERT_TRUE(range) << c.range << ": " << range.error();
    EXPECT_EQ(range->text(), c.range);
    for (const double value : c.alert) EXPECT_TRUE(range->alerts(value)) << c.range << " of " << value;
    for (const double value : c.quiet) EXPECT_FALSE(range->alerts(value)) << c.range << " of " << value;
  }
}

TEST(NagiosRange, RefusesWhatIsNoneInOneLine) {
  const std::string cases[] = {
      "",
      ":",
      "@",
      "@:",
      "~",
      "@~",
      "20:10",
      "10:~",
      "~:~",
      "10::20",
      "10:20:",
      "a",
      "10:b",
      "a:10",
      "10 ",
      " 10",
      "10: 20",
      "1e3",
      "0x10",
      "inf",
      "nan",
      "-inf:0",
      "10%",
      "10,5",
      "10-20",
      "--5",
      "-",
      "1.2.3",
      ".",
      "@@10",
      "10@",
      "10:@20",
      "~10",
      "~5:10",
      "10;20",
      "10|20",
      "+-1",
      "-+1",
      "-0:-1",
      "10\n",
      "\xff:1",
      std::string("1\0", 2),
      std::string(65, '1'),
      "-1",
      "1\xc2\xb2",
      "++1",
  };
  for (const std::string& text : cases) {
    const auto range = NagiosRange::parse(text);
    ASSERT_FALSE(range) << text;
    EXPECT_THAT(range.error(), HasSubstr("the range ")) << text;
    EXPECT_THAT(range.error(), Not(HasSubstr("\n"))) << text;
    EXPECT_LT(range.error().size(), 200u);
  }
}

TEST(NagiosRange, SaysWhatIsWrong) {
  EXPECT_EQ(NagiosRange::parse("20:10").error(), "the range \"20:10\" ends before it begins");
  EXPECT_EQ(NagiosRange::parse("-1").error(), "the range \"-1\" ends before it begins");  // it is 0:-1
  EXPECT_EQ(NagiosRange::parse("x:10").error(), "the range \"x:10\" does not begin with a number or ~");
  EXPECT_EQ(NagiosRange::parse("10:x").error(), "the range \"10:x\" does not end in a number");
  EXPECT_EQ(NagiosRange::parse(std::string(65, '1')).error(), "the range has more than 64 bytes");
}

}  // namespace
}  // namespace simplevisor::cli
