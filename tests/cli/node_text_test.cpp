#include "supervisor/cli/node_text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "supervisor/cli/text_table.hpp"
#include "tests/control/fake_service.hpp"

namespace simplevisor::cli {
namespace {

using runtime::NodeType;
using runtime::Verdict;
using ::testing::HasSubstr;
using testing::node;
using ::testing::Not;
using namespace std::chrono_literals;

Rows example() {
  Rows rows{node("root", NodeType::supervisor), node("root/broker-a", NodeType::supervisor, "degraded"),
            node("root/broker-a/send-a", NodeType::worker, "restarting"),
            node("root/consumers", NodeType::pool), node("root/consumers/1", NodeType::worker)};
  rows[0].ready = 1;
  rows[0].wanted = 2;
  rows[0].age = 3h + 7min;
  rows[0].restarts = 1;
  rows[0].restarts_limit = 5;
  rows[0].restarts_window = 60s;
  rows[1].verdict = Verdict::healing;
  rows[2].ready = 0;
  rows[2].verdict = Verdict::healing;
  rows[2].age = 850ms;
  rows[2].restarts = 3;
  rows[2].next = "restart in 4.2 s";
  rows[2].why = "exited with status 3";
  rows[4].pid = 4711;
  rows[4].status = "12 messages";
  return rows;
}

TEST(AgeText, IsShortAndReadable) {
  const std::pair<std::chrono::milliseconds, const char*> cases[] = {
      {-1ms, "-"},      {0ms, "0ms"},
      {999ms, "999ms"}, {1s, "1.0s"},
      {4299ms, "4.2s"}, {9999ms, "9.9s"},
      {10s, "10s"},     {59999ms, "59s"},
      {60s, "1m00s"},   {725s, "12m05s"},
      {1h, "1h00m"},    {187min, "3h07m"},
      {24h, "1d00h"},   {12 * 24h + 3h, "12d03h"}};
  for (const auto& [age, text] : cases) EXPECT_EQ(age_text(age), text);
}

TEST(Printable, LeavesNothingThatATerminalObeys) {
  EXPECT_EQ(printable("a\x1b[31mb\r\n\tc\x7f"), "a?[31mb???c?");
  EXPECT_EQ(printable("\xC2\x9B"
                      "31m"),
            "?31m");  // CSI as one character
  EXPECT_EQ(printable("\xC2\xA0\xC3\xA9"), "\xC2\xA0\xC3\xA9");
  EXPECT_EQ(printable("a\u202Eb\u2066c\u200Fd\u2028e"),
            "a?b?c?d?e");  // they turn the direction of writing, or end a line
  EXPECT_EQ(printable("\u2014\u2060\u20AC"), "\u2014\u2060\u20AC");
  EXPECT_EQ(printable("\xFF"), "\xEF\xBF\xBD");
}

TEST(StatusText, IndentsNodesAndAlignsColumns) {
  EXPECT_EQ(
      status_text(example(), {}),
      "NODE                      STATE       READY      PID     AGE  RESTARTS     NEXT              WHY\n"
      "root                      running       1/2        -   3h07m  1/5 in 1min  -\n"
      "  broker-a                degraded      1/1        -       -  0/0 in 0     -\n"
      "    send-a                restarting    0/1        -   850ms  3            restart in 4.2 s  "
      "exited with status 3\n"
      "  consumers               running       1/1        -       -  0/0 in 0     -\n"
      "    1                     running       1/1     4711       -  0            -                 12 "
      "messages\n");
}

TEST(StatusText, ShowsTheWholePathOfANodeWhoseParentIsNotShown) {
  Rows rows = example();
  rows.erase(rows.begin(), rows.begin() + 2);
  const std::string text = status_text(rows, {});
  EXPECT_THAT(text, HasSubstr("\nroot/broker-a/send-a "));
  EXPECT_THAT(text, HasSubstr("\nroot/consumers "));
  EXPECT_THAT(text, HasSubstr("\n  1 "));
}

TEST(StatusText, KeepsItsWidthsWhenLittleChanges) {
  Rows rows = example();
  const std::string before = status_text(rows, {});
  rows[4].pid = 1234567;
  rows[0].age = 5ms;
  EXPECT_EQ(status_text(rows, {}).find("WHY"), before.find("WHY"));
}

TEST(StatusText, ShowsTheColumnsThatAreAskedFor) {
  const auto columns = parse_columns("path,pid,budget");
  ASSERT_TRUE(columns);
  Rows rows = example();
  rows.erase(rows.begin() + 1, rows.end() - 1);
  EXPECT_EQ(status_text(rows, {.columns = *columns}),
            "PATH                          PID  BUDGET\n"
            "root                            -  4 of 5 left in 1min\n"
            "root/consumers/1             4711  -\n");
  EXPECT_EQ(status_text(rows, {.columns = {find_column("pid")}, .titled = false}), "      -\n   4711\n");
}

TEST(StatusText, SortedByAColumnHasWholePathsAndKeepsTreeOrderAmongEqualOnes) {
  const auto order = [](const char* column, bool reverse) {
    return status_text(
        example(),
        {.columns = {find_column("node")}, .sort = find_column(column), .reverse = reverse, .titled = false});
  };
  const auto padded = [](std::initializer_list<const char*> paths) {
    std::string text;
    for (const std::string path : paths) text += path + "\n";
    return text;
  };
  EXPECT_EQ(order("restarts", false),
            padded({"root/broker-a/send-a", "root", "root/broker-a", "root/consumers", "root/consumers/1"}));
  EXPECT_EQ(order("state", false),
            padded({"root/broker-a", "root/broker-a/send-a", "root", "root/consumers", "root/consumers/1"}));
  EXPECT_EQ(order("pid", false),
            padded({"root/consumers/1", "root", "root/broker-a", "root/broker-a/send-a", "root/consumers"}));
  EXPECT_EQ(order("age", false),
            padded({"root/broker-a/send-a", "root", "root/broker-a", "root/consumers", "root/consumers/1"}));
  EXPECT_EQ(order("path", true),
            padded({"root/consumers/1", "root/consumers", "root/broker-a/send-a", "root/broker-a", "root"}));
  EXPECT_EQ(order("node", true), order("path", true));
  EXPECT_EQ(order("budget", false),
            padded({"root", "root/broker-a", "root/broker-a/send-a", "root/consumers", "root/consumers/1"}));
}

TEST(Columns, AreToldApartFromWordsThatAreNone) {
  EXPECT_EQ(parse_columns("")->size(), 8u);
  EXPECT_GT(parse_columns("wide")->size(), 8u);
  EXPECT_EQ(parse_columns("pid,wide")->front(), find_column("pid"));
  EXPECT_EQ(parse_columns("path,pdi").error(), "pdi");
  EXPECT_EQ(parse_columns("path,,pid").error(), "");
  EXPECT_EQ(find_column("wide"), nullptr);
}

TEST(Columns, EachPutRowsIntoAnOrderThatIsOne) {
  for (const NodeColumn& column : node_columns()) {
    if (column.before == nullptr) continue;
    for (const auto& a : example()) {
      EXPECT_FALSE(column.before(a, a)) << column.name;
      for (const auto& b : example()) EXPECT_FALSE(column.before(a, b) && column.before(b, a)) << column.name;
    }
  }
}

TEST(StatusText, IsColouredOnlyOnRequest) {
  EXPECT_THAT(status_text(example(), {}), Not(HasSubstr("\x1b")));
  EXPECT_THAT(status_text(example(), {.colour = true}), HasSubstr("\x1b[33mrestarting\x1b[0m"));
  EXPECT_THAT(status_text(example(), {.colour = true}), Not(HasSubstr("mrunning")));
}

TEST(CheckText, HasOneLineANode) {
  Rows rows = example();
  rows[3].verdict = Verdict::failed;
  rows[3].why = "gave up";
  EXPECT_EQ(check_text(rows, false),
            "root: OK, running, as expected\n"
            "root/broker-a: HEALING, degraded\n"
            "root/broker-a/send-a: HEALING, restarting, exited with status 3; next: restart in 4.2 s\n"
            "root/consumers: FAILED, running, gave up\n"
            "root/consumers/1: OK, running, as expected\n");
}

TEST(PickedText, NamesWhatThePatternPicked) {
  EXPECT_EQ(picked_text({node("root/a", NodeType::worker)}), "root/a");
  EXPECT_EQ(picked_text(example()), "root");
  EXPECT_EQ(picked_text({node("root/a", NodeType::worker), node("root/b", NodeType::worker)}),
            "root/a and root/b");
  EXPECT_EQ(picked_text({node("root/a", NodeType::worker), node("root/b", NodeType::worker),
                         node("root/c", NodeType::worker)}),
            "root/a and 2 others");
}

TEST(StatusText, HoldsTenThousandNodes) {
  Rows rows{node("root", NodeType::supervisor)};
  for (int i = 0; i < 10'000; ++i) rows.push_back(node("root/worker-" + std::to_string(i), NodeType::worker));
  EXPECT_EQ(std::ranges::count(status_text(rows, {.colour = true}), '\n'), 10'002);
}

}  // namespace
}  // namespace simplevisor::cli
