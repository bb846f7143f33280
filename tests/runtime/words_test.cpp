#include "supervisor/runtime/words.hpp"

#include <gtest/gtest.h>

namespace simplevisor::runtime {
namespace {

using namespace std::chrono_literals;

TEST(InWords, SaysTimesAsPeopleDo) {
  EXPECT_EQ(in_words(0ms), "0 ms");
  EXPECT_EQ(in_words(999ms), "999 ms");
  EXPECT_EQ(in_words(1s), "1 s");
  EXPECT_EQ(in_words(4250ms), "4.2 s");
  EXPECT_EQ(in_words(90s), "90 s");
  EXPECT_EQ(in_words(12min), "12 min");
  EXPECT_EQ(in_words(3h), "3 h");
  EXPECT_EQ(in_words(24h * 5), "5 d");
}

}  // namespace
}  // namespace simplevisor::runtime
