#include "workers/service/report.hpp"

#include <gtest/gtest.h>

namespace simplevisor::service {
namespace {

TEST(Printable, LeavesTextAsItIs) {
  for (const char* text : {"", "plain text", "caf\u00e9 \u263a \U0001F600", "\u00a0\ud7ff\ue000\U0010FFFF"})
    EXPECT_EQ(printable(text), text);
}

TEST(Printable, ReplacesControlCharacters) {
  EXPECT_EQ(printable("two\nlines\x1b[2J"), "two lines [2J");
  EXPECT_EQ(printable("\x7f"), "?");
  EXPECT_EQ(printable("\xc2\x9b"), "??") << "one of C1, which a terminal obeys";
}

TEST(Printable, ReplacesWhatIsNoUtf8) {
  EXPECT_EQ(printable("a\xffz"), "a?z");
  EXPECT_EQ(printable("\xc3"), "?") << "cut off";
  EXPECT_EQ(printable("\xc3(z"), "?(z");
  EXPECT_EQ(printable("\xc0\xaf"), "??") << "overlong";
  EXPECT_EQ(printable("\xe0\x80\xaf"), "???");
  EXPECT_EQ(printable("\xed\xa0\x80"), "???") << "half of a pair";
  EXPECT_EQ(printable("\xf4\x90\x80\x80"), "????") << "beyond the last character";
  EXPECT_EQ(printable("\xf5"), "?");
}

}  // namespace
}  // namespace simplevisor::service
