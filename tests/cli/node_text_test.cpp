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
  EXPECT_EQ(printable("\xFF"), "\xEF\xBF\xBD");
}

TEST(StatusText, IndentsNodesAndAlignsColumns) {
  EXPECT_EQ(
      status_text(example(), false),
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
  const std::string text = status_text(rows, false);
  EXPECT_THAT(text, HasSubstr("\nroot/broker-a/send-a "));
  EXPECT_THAT(text, HasSubstr("\nroot/consumers "));
  EXPECT_THAT(text, HasSubstr("\n  1 "));
}

TEST(StatusText, KeepsItsWidthsWhenLittleChanges) {
  Rows rows = example();
  const std::string before = status_text(rows, false);
  rows[4].pid = 1234567;
  rows[0].age = 5ms;
  EXPECT_EQ(status_text(rows, false).find("WHY"), before.find("WHY"));
}

TEST(StatusText, IsColouredOnlyOnRequest) {
  EXPECT_THAT(status_text(example(), false), Not(HasSubstr("\x1b")));
  EXPECT_THAT(status_text(example(), true), HasSubstr("\x1b[33mrestarting\x1b[0m"));
  EXPECT_THAT(status_text(example(), true), Not(HasSubstr("mrunning")));
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

TEST(TreeText, DrawsBranches) {
  EXPECT_EQ(tree_text(example(), false),
            "root (supervisor 1/2) running\n"
            "├─ broker-a (supervisor 1/1) degraded\n"
            "│  └─ send-a restarting\n"
            "└─ consumers (pool 1/1) running\n"
            "   └─ 1 running, pid 4711\n");
}

TEST(TreeText, DrawsSeveralTreesBelowEachOther) {
  EXPECT_EQ(tree_text({node("root/a", NodeType::worker), node("root/b", NodeType::supervisor),
                       node("root/b/x", NodeType::worker)},
                      false),
            "root/a running\n"
            "root/b (supervisor 1/1) running\n"
            "└─ x running\n");
  EXPECT_EQ(tree_text({}, false), "");
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
  EXPECT_EQ(std::ranges::count(status_text(rows, true), '\n'), 10'002);
  EXPECT_EQ(std::ranges::count(tree_text(rows, true), '\n'), 10'001);
}

}  // namespace
}  // namespace simplevisor::cli
