#include "supervisor/cli/tree_text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "tests/control/fake_service.hpp"

namespace simplevisor::cli {
namespace {

using runtime::NodeType;
using runtime::Verdict;
using ::testing::HasSubstr;
using testing::node;
using namespace std::chrono_literals;

runtime::NodeStatus supervisor(const std::string& path, std::size_t ready, std::size_t wanted) {
  auto row = node(path, NodeType::supervisor);
  row.ready = ready;
  row.wanted = wanted;
  row.strategy = "one_for_one";
  row.restarts_limit = 5;
  row.restarts_window = 1min;
  return row;
}

runtime::NodeStatus ill(std::string path, std::string state, Verdict verdict) {
  auto row = node(std::move(path), NodeType::worker, std::move(state));
  row.verdict = verdict;
  row.ready = 0;
  return row;
}

Rows example() {
  Rows rows{supervisor("root", 3, 4),
            supervisor("root/a", 0, 1),
            ill("root/a/send", "restarting", Verdict::healing),
            supervisor("root/jobs", 2, 2),
            node("root/jobs/1", NodeType::worker),
            node("root/jobs/2", NodeType::worker),
            node("root/clock", NodeType::worker)};
  rows[1].restarts = 2;
  rows[3].type = NodeType::pool;
  rows[6].pid = 4711;
  return rows;
}

TEST(TreeText, DrawsBranchesWithStrategyBudgetAndTheWorstBelow) {
  EXPECT_EQ(tree_text(example(), {}),
            "root (one_for_one, 3 of 4 ready, 5 of 5 left in 1min) running, below: send restarting\n"
            "├─ a (one_for_one, 0 of 1 ready, 3 of 5 left in 1min) running, below: send restarting\n"
            "│  └─ send restarting\n"
            "├─ jobs (pool, 2 of 2 ready, 5 of 5 left in 1min) running\n"
            "│  ├─ 1 running\n"
            "│  └─ 2 running\n"
            "└─ clock running, pid 4711\n");
}

TEST(TreeText, FoldsWhatIsWell) {
  EXPECT_EQ(tree_text(example(), {.collapse_ok = true}),
            "root (one_for_one, 3 of 4 ready, 5 of 5 left in 1min) running, below: send restarting\n"
            "├─ a (one_for_one, 0 of 1 ready, 3 of 5 left in 1min) running, below: send restarting\n"
            "│  └─ send restarting\n"
            "├─ jobs: 2 of 2 ready\n"
            "└─ clock running, pid 4711\n");
  Rows well = example();
  well[2] = node("root/a/send", NodeType::worker);
  EXPECT_EQ(tree_text(well, {.collapse_ok = true}), "root: 3 of 4 ready\n");
}

TEST(TreeText, FoldsTheWorkersBesideOneThatIsNotWell) {
  Rows rows{supervisor("root", 99, 100)};
  for (int i = 0; i < 100; ++i) rows.push_back(node("root/w" + std::to_string(i), NodeType::worker));
  rows[50] = ill("root/w49", "stopped", Verdict::failed);
  EXPECT_EQ(tree_text(rows, {.collapse_ok = true}),
            "root (one_for_one, 99 of 100 ready, 5 of 5 left in 1min) running, below: w49 stopped\n"
            "├─ w49 stopped\n"
            "└─ 99 workers as expected\n");
}

TEST(TreeText, ShowsWhatIsHeldAlsoWhenItFolds) {
  Rows rows = example();
  rows[3].held = true;
  rows[3].state = "stopped";
  EXPECT_THAT(tree_text(rows, {.collapse_ok = true}),
              HasSubstr("├─ jobs (pool, 2 of 2 ready, 5 of 5 left in 1min) stopped, held\n"));
}

TEST(WorstBelow, IsWhatOneHasToLookAtFirst) {
  Rows rows = example();
  rows.push_back(ill("root/x", "stopped", Verdict::failed));
  rows.push_back(ill("root/y", "absent", Verdict::failed));
  rows.push_back(ill("root/z", "stopped", Verdict::failed));
  const auto worst = worst_below(rows);
  EXPECT_EQ(in_words(worst[0]), "2 stopped");
  EXPECT_EQ(worst[0].verdict, Verdict::failed);
  EXPECT_EQ(in_words(worst[1]), "send restarting");
  EXPECT_EQ(in_words(worst[3]), "");
}

TEST(TreeText, ColoursTheStateAndTheWorstBelow) {
  const std::string text = tree_text(example(), {.colour = true});
  EXPECT_THAT(text, HasSubstr("below: \x1b[33msend restarting\x1b[0m"));
  EXPECT_THAT(text, HasSubstr("└─ send \x1b[33mrestarting\x1b[0m"));
}

TEST(TreeText, DrawsSeveralTreesBelowEachOther) {
  EXPECT_EQ(tree_text({node("root/a", NodeType::worker), node("root/b", NodeType::supervisor),
                       node("root/b/x", NodeType::worker)},
                      {}),
            "root/a running\n"
            "root/b (supervisor, 1 of 1 ready) running\n"
            "└─ x running\n");
  EXPECT_EQ(tree_text({}, {}), "");
}

TEST(TreeText, HoldsTenThousandNodes) {
  Rows rows{supervisor("root", 0, 0)};
  for (int i = 0; i < 10'000; ++i) rows.push_back(node("root/worker-" + std::to_string(i), NodeType::worker));
  EXPECT_EQ(std::ranges::count(tree_text(rows, {.colour = true}), '\n'), 10'001);
}

}  // namespace
}  // namespace simplevisor::cli
