#include "supervisor/runtime/pattern.hpp"

#include <gtest/gtest.h>

#include <string>

namespace simplevisor::runtime {
namespace {

TEST(Pattern, AStarStaysWithinAPart) {
  EXPECT_TRUE(glob_matches("root/*", "root/a"));
  EXPECT_FALSE(glob_matches("root/*", "root/a/b"));
  EXPECT_TRUE(glob_matches("root/*/b", "root/a/b"));
  EXPECT_TRUE(glob_matches("root/br*-?", "root/broker-a"));
  EXPECT_FALSE(glob_matches("root/?", "root/"));
}

TEST(Pattern, TwoStarsCrossParts) {
  EXPECT_TRUE(glob_matches("root/**", "root/a/b/c"));
  EXPECT_TRUE(glob_matches("**/c", "root/a/b/c"));
  EXPECT_TRUE(glob_matches("root/**/x*", "root/a/b/xyz"));
  EXPECT_FALSE(glob_matches("root/**/x", "root/a/b/y"));
}

TEST(Pattern, ClassesHoldRangesAndNegations) {
  EXPECT_TRUE(glob_matches("root/w[0-3]", "root/w2"));
  EXPECT_FALSE(glob_matches("root/w[!0-3]", "root/w2"));
  EXPECT_FALSE(glob_matches("root[!a]b", "root/b")) << "a class never matches a slash";
  EXPECT_TRUE(glob_matches("a[b", "a[b")) << "a bracket that is not closed is one";
}

TEST(Pattern, TheEndOfAPathIsMeantByWholeParts) {
  EXPECT_TRUE(ends_in("root/broker/send", "send"));
  EXPECT_TRUE(ends_in("root/broker/send", "broker/send"));
  EXPECT_TRUE(ends_in("root", "root"));
  EXPECT_FALSE(ends_in("root/broker/resend", "send"));
}

TEST(Pattern, ManyStarsTakeNoLongerThanTheyMust) {
  const std::string path(2000, 'a');
  std::string pattern;
  for (int n = 0; n < 50; ++n) pattern += "*a";
  EXPECT_FALSE(glob_matches(pattern + "b", path));
}

}  // namespace
}  // namespace simplevisor::runtime
