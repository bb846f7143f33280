#include "supervisor/cli/watch.hpp"

#include <gtest/gtest.h>

namespace simplevisor::cli {
namespace {

TEST(Fitted, LeavesTextThatFitsAsItIs) {
  EXPECT_EQ(fitted("a\nbc\n", {.lines = 2, .columns = 2}), "a\nbc");
  EXPECT_EQ(fitted("", {.lines = 2, .columns = 2}), "");
}

TEST(Fitted, CountsTheLinesThatAreLeftOut) {
  EXPECT_EQ(fitted("a\nb\nc\nd\n", {.lines = 3, .columns = 20}), "a\nb\n... and 2 more");
  EXPECT_EQ(fitted("a\nb\n", {.lines = 1, .columns = 20}), "... and 2 more");
}

TEST(Fitted, CutsLinesAtTheWidthOfTheScreenButCountsNoColours) {
  EXPECT_EQ(fitted("abcdef\n", {.lines = 2, .columns = 3}), "abc");
  EXPECT_EQ(fitted("\xC3\xA9\xC3\xA9\xC3\xA9\n", {.lines = 2, .columns = 2}), "\xC3\xA9\xC3\xA9");
  EXPECT_EQ(fitted("\x1b[31mabc\x1b[0m\n", {.lines = 2, .columns = 3}), "\x1b[31mabc\x1b[0m");
  EXPECT_EQ(fitted("\x1b[31mabcd\x1b[0m\n", {.lines = 2, .columns = 3}), "\x1b[31mabc\x1b[0m");
}

}  // namespace
}  // namespace simplevisor::cli
