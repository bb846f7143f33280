// `simplevisor logs`, as a person at a terminal reads it.
#include <gmock/gmock.h>

#include "supervisor/cli/pattern_search.hpp"
#include "tests/cli/support.hpp"

namespace simplevisor::cli {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;

class LogsCommand : public Commands {
 protected:
  LogsCommand() {
    ::setenv("TZ", "UTC", 1);
    ::tzset();
    service.logs = dir.path();
  }
  void print(const std::string& worker, const std::string& text) {
    std::ofstream{dir / (worker + ".log"), std::ios::app} << text;
  }
};

TEST_F(LogsCommand, ShowsTheLastLinesOfOneWorkerAsTheyAre) {
  print("a", "one\ntwo\n\tthree\x1b[31m\xff\n");
  serve();
  const Result all = simplevisor({"logs", "root/a"});
  EXPECT_EQ(all.out, "one\ntwo\n\tthree?[31m\uFFFD\n");
  EXPECT_EQ(all.exit, 0);
  EXPECT_EQ(simplevisor({"logs", "-n", "1", "root/a"}).out, "\tthree?[31m\uFFFD\n");
}

TEST_F(LogsCommand, NamesTheWorkersWhereThereAreSeveral) {
  print("a", "2026-01-31T10:00:00.000Z stdout F a1\n2026-01-31T10:00:02.000Z stderr F a2\n");
  print("b", "2026-01-31T10:00:01.000Z stdout F b1\n");
  serve();
  const std::string expected =
      "2026-01-31 10:00:00.000 root/a | a1\n"
      "2026-01-31 10:00:01.000 root/b | b1\n"
      "2026-01-31 10:00:02.000 root/a | a2\n";
  EXPECT_EQ(simplevisor({"logs", "root"}).out, expected);
  EXPECT_EQ(simplevisor({"logs", "root/b", "root/a"}).out, expected);
  EXPECT_EQ(simplevisor({"logs", "root", "--since", "2026-01-31T10:00:01.500Z"}).out,
            "2026-01-31 10:00:02.000 root/a | a2\n");
}

TEST_F(LogsCommand, JoinsThePartsOfALongLine) {
  print("a",
        "2026-01-31T10:00:00.000Z stdout P one \n2026-01-31T10:00:00.000Z stdout F line\n"
        "2026-01-31T10:00:01.000Z stdout P open\n2026-01-31T10:00:01.000Z stderr F other\n");
  serve();
  EXPECT_EQ(
      simplevisor({"logs", "root/a"}).out,
      "2026-01-31 10:00:00.000 one line\n2026-01-31 10:00:01.000 open\n2026-01-31 10:00:01.000 other\n");
}

TEST_F(LogsCommand, ChoosesTheLastLinesAmongThoseThatMatch) {
  print("a", "bad 1\nbad 2\nbad 3\ngood\n");
  serve();
  EXPECT_EQ(simplevisor({"logs", "root/a", "--grep", "^b.d", "-n", "2"}).out, "bad 2\nbad 3\n");
  const Result wrong = simplevisor({"logs", "root/a", "--grep", "("});
  EXPECT_EQ(wrong.exit, 2);
  EXPECT_THAT(wrong.err, HasSubstr("--grep"));
}

TEST_F(LogsCommand, GivesObjectsToPrograms) {
  print("a", "one\n");
  serve();
  EXPECT_EQ(simplevisor({"logs", "root/a", "--json"}).out, "{\"path\":\"root/a\",\"text\":\"one\"}\n");
}

TEST_F(LogsCommand, SaysInWordsWhatItCannotKnow) {
  print("a", "one\n");
  serve();
  const Result result = simplevisor({"logs", "root", "--since", "1h"});
  EXPECT_EQ(result.out, "root/a | one\n");
  EXPECT_THAT(result.err, HasSubstr("no times in the lines of root/a"));
  EXPECT_THAT(result.err, HasSubstr("no log of root/b"));
}

TEST_F(LogsCommand, FollowsUntilItsTimeIsOver) {
  print("a", "one\ntwo\n");
  serve();
  testing::patiently(std::chrono::milliseconds{300}, [&](std::chrono::milliseconds limit) {
    const std::string time = std::to_string(limit.count()) + "ms";
    const Result result = simplevisor({"--timeout", time, "logs", "-f", "-n", "1", "root/a"});
    EXPECT_EQ(result.exit, 6);
    if (result.out.empty()) return false;
    EXPECT_EQ(result.out, "two\n");
    return true;
  });
}

TEST_F(LogsCommand, HasTheExitCodesOfTheOthers) {
  serve();
  EXPECT_EQ(simplevisor({"logs", "root/x"}).exit, 4);
  EXPECT_EQ(simplevisor({"logs"}).exit, 2);
  EXPECT_EQ(simplevisor({"logs", "root/a", "--since", "noon"}).exit, 2);
  EXPECT_EQ(simplevisor({"logs", "root/a", "-n", "many"}).exit, 2);
}

TEST(PatternSearch, FindsByBoundsAndSurvivesLongLines) {
  const auto search = PatternSearch::of("^(a|b)+c$");
  ASSERT_TRUE(search);
  EXPECT_TRUE(search->matches("abac"));
  EXPECT_FALSE(search->matches(std::string_view{"abacd"}.substr(0, 3)));
  EXPECT_TRUE(search->matches(std::string(100'000, 'a') + "c"));
  const auto after_nul = PatternSearch::of("end");
  EXPECT_TRUE(after_nul->matches(std::string_view{"\0end", 4}));
}

}  // namespace
}  // namespace simplevisor::cli
