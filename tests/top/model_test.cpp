#include "supervisor/cli/top/model.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "supervisor/cli/top/fit.hpp"
#include "tests/top/nodes.hpp"

namespace simplevisor::cli::live {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using namespace std::chrono_literals;

class ModelTest : public ::testing::Test {
 protected:
  ModelTest() {
    model.resize(10, 5);
    model.show(testing::running("host"), testing::small_tree());
  }
  // The last key's wish.
  Wish type(std::string_view text) {
    Wish wish;
    for (const char c : text) wish = model.press(static_cast<Key>(c));
    return wish;
  }
  std::optional<Deed> deed_of(const Wish& wish) {
    const auto* const deed = std::get_if<Deed>(&wish);
    return deed ? std::optional{*deed} : std::nullopt;
  }
  std::string chosen() const { return model.nodes().chosen_node()->path; }

  Model model;
};

TEST_F(ModelTest, MovesThroughTheNodes) {
  type("jj");
  EXPECT_EQ(chosen(), "root/a/recv");
  model.press(key::up);
  EXPECT_EQ(chosen(), "root/a");
  model.press(key::end);
  EXPECT_EQ(chosen(), "root/clock");
  type("g");
  EXPECT_EQ(chosen(), "root");
  model.press(key::page_down);
  EXPECT_EQ(chosen(), "root/clock");
  model.press(key::page_up);
  EXPECT_EQ(chosen(), "root");
}

TEST_F(ModelTest, ActsOnlyAfterAYes) {
  type("jj");
  EXPECT_FALSE(deed_of(type("r")));
  EXPECT_EQ(model.prompt().question, "restart root/a/recv? y/n ");
  const auto deed = deed_of(type("y"));
  ASSERT_TRUE(deed);
  EXPECT_EQ(deed->verb, "restart");
  EXPECT_EQ(deed->path, "root/a/recv");
  EXPECT_EQ(model.prompt().kind, Prompt::Kind::none);
}

TEST_F(ModelTest, TakesWhateverIsNotYesAsANo) {
  for (const Key key : {static_cast<Key>('n'), static_cast<Key>('q'), static_cast<Key>('r'), key::enter,
                        key::escape, key::down}) {
    type("x");
    const Wish wish = model.press(key);
    EXPECT_TRUE(std::holds_alternative<std::monostate>(wish));
    EXPECT_EQ(model.prompt().kind, Prompt::Kind::none);
    EXPECT_EQ(model.message(), "stop: not done");
  }
}

TEST_F(ModelTest, SaysHowMuchADeedIsAbout) {
  type("s");
  EXPECT_EQ(model.prompt().question, "start root and the 6 below it? y/n ");
}

TEST_F(ModelTest, ActsOnTheNodeThatWasChosenWhenItAsked) {
  type("jjr");
  Rows rows = testing::small_tree();
  rows.erase(rows.begin() + 2);
  model.show({}, rows);
  EXPECT_EQ(deed_of(type("y"))->path, "root/a/recv");
}

TEST_F(ModelTest, HoldsForATimeAndWithAReason) {
  type("G");
  type("h2h\ndisk is full\n");
  EXPECT_EQ(model.prompt().question, "hold for 2h root/clock? y/n ");
  const auto deed = deed_of(type("y"));
  ASSERT_TRUE(deed);
  EXPECT_EQ(deed->verb, "stop");
  EXPECT_EQ(deed->limit, 2h);
  EXPECT_EQ(deed->reason, "disk is full");
  type("h\n\n");
  const auto endless = deed_of(type("y"));
  ASSERT_TRUE(endless);
  EXPECT_EQ(endless->limit, std::nullopt);
}

TEST_F(ModelTest, RefusesAHoldForATimeThatIsNone) {
  for (const char* time : {"soon", "0", "-1h", "5"}) {
    type("h");
    type(time);
    type("\n");
    EXPECT_EQ(model.prompt().kind, Prompt::Kind::none) << time;
    EXPECT_TRUE(model.message_is_bad()) << time;
  }
}

TEST_F(ModelTest, SendsTheSignalThatIsTyped) {
  type("GKUSR1\n");
  EXPECT_EQ(model.prompt().question, "send USR1 to root/clock? y/n ");
  EXPECT_EQ(deed_of(type("y"))->signal, "USR1");
  type("K\n");
  EXPECT_EQ(model.prompt().kind, Prompt::Kind::none);
}

TEST_F(ModelTest, FiltersWhileOneTypes) {
  type("/cl");
  EXPECT_EQ(model.nodes().lines().size(), 2u);
  model.press(key::backspace);
  model.press(key::backspace);
  EXPECT_EQ(model.nodes().lines().size(), 7u);
  type("clock\n");
  EXPECT_EQ(model.nodes().filter(), "clock");
  model.press(key::escape);
  EXPECT_EQ(model.nodes().filter(), "");
  type("/q");  // no command
  model.press(key::escape);
  EXPECT_EQ(model.nodes().lines().size(), 7u);
}

TEST_F(ModelTest, TakesWholeCharactersOutOfWhatIsTyped) {
  type("/a");
  model.press(U'é');
  model.press(U'漢');
  EXPECT_EQ(model.prompt().typed, "aé漢");
  model.press(key::backspace);
  EXPECT_EQ(model.prompt().typed, "aé");
  for (int i = 0; i < 1000; ++i) type("x");
  EXPECT_LE(model.prompt().typed.size(), 200u);
}

TEST_F(ModelTest, SortsTheTableByOneColumnAfterTheOther) {
  type(">");
  EXPECT_EQ(model.nodes().mode(), NodeList::Mode::table);
  EXPECT_EQ(model.nodes().sorted_by().name, "path");
  std::set<std::string_view> seen;
  for (std::size_t i = 0; i < std::size(sort_order); ++i) {
    seen.insert(model.nodes().sorted_by().name);
    type(">");
  }
  EXPECT_EQ(seen.size(), std::size(sort_order));
  EXPECT_EQ(model.nodes().sorted_by().name, "path");
  type("<");
  EXPECT_EQ(model.nodes().sorted_by().name, "why");
  type("i");
  EXPECT_TRUE(model.nodes().reversed());
  type("t");
  EXPECT_EQ(model.nodes().mode(), NodeList::Mode::tree);
}

TEST_F(ModelTest, WantsThePaneOfTheChosenNode) {
  EXPECT_EQ(model.wanted(), Wanted{});
  type("w");
  EXPECT_EQ(model.wanted(), (Wanted{PaneKind::why, "root"}));
  type("j");
  EXPECT_EQ(model.wanted(), (Wanted{PaneKind::why, "root/a"}));
  type("l");
  EXPECT_EQ(model.wanted(), (Wanted{PaneKind::logs, "root/a"}));
  type("l");
  EXPECT_FALSE(model.has_pane());
}

TEST_F(ModelTest, ShowsOnlyThePaneOfTheChosenNode) {
  type("w");
  model.show_pane({PaneKind::why, "root"}, "one\ntwo\n");
  EXPECT_THAT(model.pane().lines, ElementsAre("one", "two"));
  type("j");
  EXPECT_TRUE(model.pane().lines.empty());
  model.show_pane({PaneKind::why, "root"}, "late\n");
  EXPECT_TRUE(model.pane().lines.empty());
}

TEST_F(ModelTest, ForgetsThePaneWhenAnotherNodeIsChosenByNews) {
  type("Gw");
  model.show_pane({PaneKind::why, "root/clock"}, "one\n");
  Rows rows = testing::small_tree();
  rows.pop_back();
  model.show({}, rows);
  EXPECT_TRUE(model.pane().lines.empty());
}

TEST_F(ModelTest, FollowsTheEndOfLogsUntilOneScrollsUp) {
  const auto text = [](int lines) {
    std::string all;
    for (int i = 0; i < lines; ++i) all += std::to_string(i) + "\n";
    return all;
  };
  type("l");
  model.show_pane({PaneKind::logs, "root"}, text(20));
  EXPECT_EQ(model.pane().first, 15u);
  model.show_pane({PaneKind::logs, "root"}, text(30));
  EXPECT_EQ(model.pane().first, 25u);
  model.press(key::tab);
  type("k");
  EXPECT_EQ(chosen(), "root");  // it was the pane that scrolled
  model.show_pane({PaneKind::logs, "root"}, text(40));
  EXPECT_EQ(model.pane().first, 24u);
  type("G");
  model.show_pane({PaneKind::logs, "root"}, text(50));
  EXPECT_EQ(model.pane().first, 45u);
  type("g");
  EXPECT_EQ(model.pane().first, 0u);
  model.show_pane({PaneKind::logs, "root"}, text(2));  // the log was rotated away
  EXPECT_EQ(model.pane().first, 0u);
}

TEST_F(ModelTest, MakesWhatComesFromWorkersPrintable) {
  type("l");
  model.show_pane({PaneKind::logs, "root"}, "\x1b[2Jhello\tx\n\xFF\n");
  EXPECT_THAT(model.pane().lines, ElementsAre("?[2Jhello       x", "\xEF\xBF\xBD"));
  model.tell("evil\x1b[31m\nline\n", true);
  EXPECT_EQ(model.message(), "evil?[31m line");
  model.show_trouble("no\x07 supervisor");
  EXPECT_EQ(model.trouble(), "no? supervisor");
}

TEST_F(ModelTest, KeepsNoMoreOfALineThanAScreenCouldShow) {
  type("l");
  model.show_pane({PaneKind::logs, "root"}, std::string(1u << 20, '\t') + "\nshort\n");
  ASSERT_EQ(model.pane().lines.size(), 2u);
  EXPECT_LE(model.pane().lines[0].size(), 8u * 4096);
  EXPECT_EQ(model.pane().lines[1], "short");
}

TEST_F(ModelTest, KeepsWhatWasKnownWhileTheSupervisorIsAway) {
  model.show_trouble("no supervisor is running");
  EXPECT_EQ(model.nodes().lines().size(), 7u);
  model.show({}, testing::small_tree());
  EXPECT_EQ(model.trouble(), "");
}

TEST_F(ModelTest, HelpsPageByPageUntilThereIsNoMore) {
  model.resize(10, 0);  // a page of 11
  type("?");
  EXPECT_EQ(model.help(), 0u);
  type("r");
  EXPECT_EQ(model.help(), 11u);
  type("r");
  EXPECT_EQ(model.help(), std::nullopt);
  EXPECT_EQ(model.prompt().kind, Prompt::Kind::none);
  EXPECT_TRUE(std::holds_alternative<Quit>(type("?q")));
  EXPECT_TRUE(std::holds_alternative<Quit>(type("q")));
}

TEST_F(ModelTest, DoesNothingToATreeThatIsEmpty) {
  Model empty;
  for (const Binding& binding : bindings()) {
    const Wish wish = empty.press(binding.key);
    EXPECT_FALSE(std::holds_alternative<Deed>(wish)) << binding.name;
    EXPECT_FALSE(std::holds_alternative<Deed>(empty.press('y'))) << binding.name;
  }
}

TEST(Bindings, GiveEachKeyOneMeaningAndEachDeedAHelp) {
  std::set<Key> keys;
  std::set<Does> all;
  for (const Binding& binding : bindings()) {
    EXPECT_TRUE(keys.insert(binding.key).second) << binding.name;
    EXPECT_EQ(binding.name.empty(), binding.help.empty());
    all.insert(binding.does);
  }
  EXPECT_EQ(all.size(), static_cast<std::size_t>(Does::quit) + 1);
  EXPECT_EQ(what_does(0x110FFF), std::nullopt);
}

}  // namespace
}  // namespace simplevisor::cli::live
