#include "supervisor/cli/top/fit.hpp"

#include <gtest/gtest.h>

#include <clocale>

namespace simplevisor::cli::live {
namespace {

class Fit : public ::testing::Test {
 protected:
  Fit() { EXPECT_NE(std::setlocale(LC_CTYPE, "C.UTF-8"), nullptr); }
};

TEST_F(Fit, IsExactlyAsWideAsAskedFor) {
  EXPECT_EQ(fit("abc", 5), "abc  ");
  EXPECT_EQ(fit("abc", 5, true), "  abc");
  EXPECT_EQ(fit("abcdef", 3), "abc");
  EXPECT_EQ(fit("", 2), "  ");
  EXPECT_EQ(fit("abc", 0), "");
}

TEST_F(Fit, CountsColumnsNotBytes) {
  EXPECT_EQ(width_of("é"), 1u);
  EXPECT_EQ(width_of("漢字"), 4u);
  EXPECT_EQ(width_of("e\u0301"), 1u);
  EXPECT_EQ(fit("漢字", 3), "漢 ");  // half a character is none
  EXPECT_EQ(fit("e\u0301x", 1), "e\u0301");
}

TEST_F(Fit, ShowsWhatTheLocaleDoesNotKnowAsOneColumn) {
  EXPECT_EQ(width_of("\uE000\u0378"), 2u);
  EXPECT_EQ(fit("\u0378", 2), "? ");
  EXPECT_EQ(fit("\xFF", 2).size(), 2u);
}

TEST_F(Fit, KeepsTheEndOfAPath) {
  EXPECT_EQ(end_of("root/broker/send", 6), "r/send");
  EXPECT_EQ(end_of("root", 6), "root");
  EXPECT_EQ(end_of("a漢", 1), "");
}

TEST_F(Fit, LeavesOnlyAsciiWhereThereIsNothingElse) {
  EXPECT_EQ(ascii("aé漢z"), "a??z");
}

TEST_F(Fit, WritesCharactersAsUtf8) {
  EXPECT_EQ(utf8_of('a'), "a");
  EXPECT_EQ(utf8_of(U'é'), "é");
  EXPECT_EQ(utf8_of(U'漢'), "漢");
  EXPECT_EQ(utf8_of(U'😀'), "😀");
}

}  // namespace
}  // namespace simplevisor::cli::live
