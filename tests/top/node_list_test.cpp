#include "supervisor/cli/top/node_list.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/top/nodes.hpp"

namespace simplevisor::cli::live {
namespace {

using ::testing::ElementsAre;

std::vector<std::string> paths(const NodeList& list) {
  std::vector<std::string> all;
  for (const auto& line : list.lines()) all.push_back(list.rows()[line.row].path);
  return all;
}

NodeList listed() {
  NodeList list;
  list.show(testing::small_tree());
  return list;
}

TEST(NodeList, IsTheTreeWithDepths) {
  const NodeList list = listed();
  EXPECT_THAT(paths(list), ElementsAre("root", "root/a", "root/a/recv", "root/a/send", "root/b",
                                       "root/b/recv", "root/clock"));
  EXPECT_EQ(list.lines()[3].depth, 2u);
  EXPECT_TRUE(list.lines()[1].holds);
  EXPECT_FALSE(list.lines()[6].holds);
}

TEST(NodeList, FoldsTheChosenNodeAndThenGoesUp) {
  NodeList list = listed();
  list.move(1);
  list.fold();
  EXPECT_THAT(paths(list), ElementsAre("root", "root/a", "root/b", "root/b/recv", "root/clock"));
  EXPECT_EQ(list.chosen_node()->path, "root/a");
  EXPECT_EQ(list.chosen_size(), 3u);
  list.fold();
  EXPECT_EQ(list.chosen_node()->path, "root");
  list.move(1);
  list.unfold();
  EXPECT_EQ(list.lines().size(), 7u);
}

TEST(NodeList, StaysFoldedWhenNewsComes) {
  NodeList list = listed();
  list.move(1);
  list.toggle();
  list.show(testing::small_tree());
  EXPECT_EQ(list.lines().size(), 5u);
  list.toggle();
  EXPECT_EQ(list.lines().size(), 7u);
}

TEST(NodeList, FoldsWhatIsWellAndNothingElse) {
  NodeList list = listed();
  list.fold_well();
  EXPECT_THAT(paths(list),
              ElementsAre("root", "root/a", "root/a/recv", "root/a/send", "root/b", "root/clock"));
  list.unfold_all();
  EXPECT_EQ(list.lines().size(), 7u);
  Rows rows = testing::small_tree();
  rows[5].held = true;
  list.show(rows);
  list.fold_well();
  EXPECT_EQ(list.lines().size(), 7u);
}

TEST(NodeList, IsATableSortedByAColumn) {
  NodeList list = listed();
  list.sort_by(*find_column("pid"), false);
  EXPECT_THAT(paths(list), ElementsAre("root/b/recv", "root/clock", "root/a/recv", "root", "root/a",
                                       "root/a/send", "root/b"));
  list.sort_by(*find_column("state"), false);
  EXPECT_EQ(paths(list).front(), "root/a/send");
  list.sort_by(*find_column("path"), true);
  EXPECT_EQ(paths(list).front(), "root/clock");
}

TEST(NodeList, KeepsTheChosenNodeWhereverItGoes) {
  NodeList list = listed();
  list.move(2);
  list.sort_by(*find_column("age"), false);
  EXPECT_EQ(list.chosen_node()->path, "root/a/recv");
  Rows rows = testing::small_tree();
  rows.erase(rows.begin() + 4, rows.begin() + 6);
  list.set_mode(NodeList::Mode::tree);
  list.show(rows);
  EXPECT_EQ(list.chosen_node()->path, "root/a/recv");
}

TEST(NodeList, ChoosesWhatStandsInTheirPlaceWhenTheChosenOneIsGone) {
  NodeList list = listed();
  list.choose_last();
  Rows rows = testing::small_tree();
  rows.pop_back();
  list.show(rows);
  EXPECT_EQ(list.chosen_node()->path, "root/b/recv");
  list.show({});
  EXPECT_EQ(list.chosen_node(), nullptr);
  EXPECT_EQ(list.chosen_size(), 0u);
  list.move(1);
  list.fold();
  list.toggle();
  list.unfold();
  list.show(testing::small_tree());
  EXPECT_EQ(list.chosen_node()->path, "root/b/recv");
}

TEST(NodeList, FindsNodesByPathStateAndWhyWithWhatHoldsThem) {
  NodeList list = listed();
  list.set_filter("SEND");
  EXPECT_THAT(paths(list), ElementsAre("root", "root/a", "root/a/send"));
  list.set_filter("restarting");
  EXPECT_THAT(paths(list), ElementsAre("root", "root/a", "root/a/send"));
  list.set_filter("status 3");
  list.set_mode(NodeList::Mode::table);
  EXPECT_THAT(paths(list), ElementsAre("root/a/send"));
  list.set_filter("nothing has this");
  EXPECT_TRUE(list.lines().empty());
  list.set_filter("");
  EXPECT_EQ(list.lines().size(), 7u);
}

TEST(NodeList, ScrollsToTheChosenNode) {
  NodeList list = listed();
  list.scroll(3);
  EXPECT_EQ(list.first(), 0u);
  list.choose_last();
  list.scroll(3);
  EXPECT_EQ(list.first(), 4u);
  list.move(-1);
  list.scroll(3);
  EXPECT_EQ(list.first(), 4u);
  list.choose_first();
  list.scroll(3);
  EXPECT_EQ(list.first(), 0u);
  list.choose_last();
  list.scroll(3);
  list.scroll(6);  // the terminal has grown
  EXPECT_EQ(list.first(), 1u);
  list.scroll(0);
}

TEST(NodeList, HoldsTenThousandNodes) {
  Rows rows{testing::supervisor("root", 0)};
  for (int i = 0; i < 10'000; ++i) rows.push_back(testing::worker("root/w" + std::to_string(i), i + 1, {}));
  NodeList list;
  list.show(std::move(rows));
  list.sort_by(*find_column("pid"), true);
  list.choose_last();
  list.scroll(20);
  EXPECT_EQ(list.first(), 10'001u - 20);
}

}  // namespace
}  // namespace simplevisor::cli::live
