// tests/config/units_test.cpp
#include "supervisor/config/units.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <regex>
#include <utility>

namespace simplevisor::config {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;

constexpr std::array<std::pair<std::string_view, std::int64_t>, 11> durations{{{"0", 0},
                                                                               {"250ms", 250},
                                                                               {"20s", 20'000},
                                                                               {"5min", 300'000},
                                                                               {"5m", 300'000},
                                                                               {"2h", 7'200'000},
                                                                               {"1d", 86'400'000},
                                                                               {"1h30m", 5'400'000},
                                                                               {"1d2h3min4s5ms", 93'784'005},
                                                                               {"0s", 0},
                                                                               {"007s", 7000}}};
constexpr std::array<std::pair<std::string_view, std::string_view>, 13> no_durations{
    {{"", "is not a duration"},
     {"20", "needs a unit"},
     {"1h30", "needs a unit"},
     {"s", "is not a duration"},
     {"-5s", "is not a duration"},
     {"+5s", "is not a duration"},
     {"1.5s", "\"1.5s\" needs a unit"},
     {" 5s", "is not a duration"},
     {"5 s", "needs a unit"},
     {"5sec", "\"sec\" is not a unit of time"},
     {"30m1h", "from long to short"},
     {"1m1min", "from long to short"},
     {"99999999999999999999s", "too large"}}};

TEST(Duration, IsReadWithEveryUnitAndCombination) {
  for (const auto& [text, expected] : durations) {
    const auto value = parse_duration(text);
    ASSERT_TRUE(value) << text << ": " << value.error();
    EXPECT_EQ(value->count(), expected) << text;
  }
}

TEST(Duration, IsRefusedWithTheReason) {
  for (const auto& [text, reason] : no_durations) {
    const auto value = parse_duration(text);
    ASSERT_FALSE(value) << text;
    EXPECT_THAT(value.error(), HasSubstr(std::string{reason})) << text;
  }
}

TEST(Duration, OverflowIsRefusedAtEveryUnit) {
  for (const std::string_view text :
       {"106751991168d", "2562047788016h", "9223372036854775807s", "1d9223372036854ms"}) {
    EXPECT_FALSE(parse_duration(text)) << text;
  }
}

TEST(Duration, WrittenAsTextIsReadBackAsTheSameValue) {
  for (const std::int64_t value :
       {0, 1, 999, 1000, 1001, 59'999, 60'000, 90'000, 3'600'000, 86'400'000, 93'784'005}) {
    const std::string text = duration_text(milliseconds{value});
    const auto back = parse_duration(text);
    ASSERT_TRUE(back) << text;
    EXPECT_EQ(back->count(), value) << text;
  }
  EXPECT_EQ(duration_text(milliseconds{90'000}), "1min30s");
}

TEST(Duration, IsTheSameToTheParserAndToThePatternOfTheSchema) {
  const std::regex pattern{std::string{duration_pattern}, std::regex::ECMAScript};
  for (const auto& [text, value] : durations)
    EXPECT_TRUE(std::regex_match(std::string{text}, pattern)) << text;
  for (const auto& [text, reason] : no_durations) {
    if (reason == "too large") continue;  // a pattern does not count
    EXPECT_FALSE(std::regex_match(std::string{text}, pattern)) << text;
  }
}

constexpr std::array<std::pair<std::string_view, std::uint64_t>, 11> sizes{
    {{"0", 0},
     {"512B", 512},
     {"64kB", 64'000},
     {"64KiB", 65'536},
     {"1MB", 1'000'000},
     {"10MiB", 10'485'760},
     {"2GB", 2'000'000'000},
     {"1GiB", 1'073'741'824},
     {"1TB", 1'000'000'000'000},
     {"1TiB", 1'099'511'627'776},
     {"18446744073709551615B", ~0ull}}};
constexpr std::array<std::pair<std::string_view, std::string_view>, 9> no_sizes{
    {{"", "is not a size"},
     {"10", "needs a unit"},
     {"MiB", "is not a size"},
     {"10mb", "\"mb\" is not a unit of size"},
     {"10 MiB", "is not a size"},
     {"1MiB1kB", "is not a size"},
     {"-1B", "is not a size"},
     {"18446744073709551616B", "too large"},
     {"16777216TiB", "too large"}}};

TEST(Size, IsReadWithEveryUnit) {
  for (const auto& [text, expected] : sizes) {
    const auto value = parse_size(text);
    ASSERT_TRUE(value) << text << ": " << value.error();
    EXPECT_EQ(*value, expected) << text;
  }
}

TEST(Size, IsRefusedWithTheReason) {
  for (const auto& [text, reason] : no_sizes) {
    const auto value = parse_size(text);
    ASSERT_FALSE(value) << text;
    EXPECT_THAT(value.error(), HasSubstr(std::string{reason})) << text;
  }
}

TEST(Size, WrittenAsTextIsReadBackAsTheSameValue) {
  for (const auto& [text, value] : sizes) EXPECT_EQ(parse_size(size_text(value)), value) << text;
  EXPECT_EQ(size_text(10u << 20), "10MiB");
}

TEST(Size, IsTheSameToTheParserAndToThePatternOfTheSchema) {
  const std::regex pattern{std::string{size_pattern}, std::regex::ECMAScript};
  for (const auto& [text, value] : sizes) EXPECT_TRUE(std::regex_match(std::string{text}, pattern)) << text;
  for (const auto& [text, reason] : no_sizes) {
    if (reason == "too large") continue;
    EXPECT_FALSE(std::regex_match(std::string{text}, pattern)) << text;
  }
}

}  // namespace
}  // namespace simplevisor::config
