#include "supervisor/cli/top/picture.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <clocale>

#include "supervisor/cli/top/fit.hpp"
#include "tests/top/nodes.hpp"

namespace simplevisor::cli::live {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;
using namespace std::chrono_literals;

std::string text_of(const PictureLine& line) {
  std::string text;
  for (const Span& span : line) text += span.text;
  return text;
}

class PictureTest : public ::testing::Test {
 protected:
  PictureTest() {
    EXPECT_NE(std::setlocale(LC_CTYPE, "C.UTF-8"), nullptr);
    model.show(testing::running("host"), testing::small_tree());
  }
  Picture drawn(Size size) {
    const Layout shares = layout(size, model.has_pane());
    model.resize(shares.nodes, shares.pane);
    return draw(model, size);
  }
  std::vector<std::string> lines(Size size) {
    std::vector<std::string> all;
    for (const PictureLine& line : drawn(size).lines) all.push_back(text_of(line));
    return all;
  }
  void type(std::string_view text) {
    for (const char c : text) model.press(static_cast<Key>(c));
  }

  Model model;
};

TEST_F(PictureTest, ShowsTheTreeItsTitlesAndTheKeys) {
  const auto all = lines({.lines = 12, .columns = 110});
  EXPECT_THAT(all[0], StartsWith("host running 3 of 4 ready, 1 healing, up 2h00m"));
  EXPECT_THAT(all[1], AllOf(StartsWith("NODE "), HasSubstr(" STATE "), HasSubstr(" PID "),
                            HasSubstr(" LEFT "), HasSubstr(" WHY")));
  EXPECT_THAT(all[2], AllOf(StartsWith("- root "), HasSubstr(" 5/5 below: send restarting")));
  EXPECT_THAT(all[3], AllOf(StartsWith("  - a "), HasSubstr(" 3/5 below: send restarting")));
  EXPECT_THAT(all[4], AllOf(StartsWith("      recv "), HasSubstr(" running "), HasSubstr(" 9.0s "),
                            HasSubstr(" 300 ")));
  EXPECT_THAT(all[5],
              AllOf(StartsWith("      send "), HasSubstr("restart in 4.2 s; exited with status 3, 1 s ago")));
  EXPECT_THAT(all[11], StartsWith("? help  q quit"));
}

TEST_F(PictureTest, IsExactlyAsLargeAsTheScreenWhateverIsShown) {
  const auto check = [&] {
    for (std::size_t height = 1; height <= 40; ++height) {
      for (const std::size_t width : {1, 2, 13, 14, 15, 25, 26, 40, 63, 64, 80, 100, 101, 250}) {
        const auto all = lines({.lines = height, .columns = width});
        ASSERT_EQ(all.size(), height);
        for (const std::string& line : all)
          ASSERT_EQ(width_of(line), width) << height << 'x' << width << ": " << line;
      }
    }
  };
  check();
  type("w");
  model.show_pane({PaneKind::why, "root"}, "some\n漢字漢字漢字漢字漢字漢字\n");
  check();
  type("r");
  check();
  type("n?");
  check();
  type("?/日nothing");
  check();
  model.show_trouble("no supervisor is running");
  check();
}

TEST_F(PictureTest, DropsColumnsOnNarrowScreensFromTheLeastImportantOn) {
  const auto narrow = lines({.lines = 10, .columns = 40});
  EXPECT_THAT(narrow[1],
              AllOf(HasSubstr("NODE"), HasSubstr("STATE"), HasSubstr("AGE"), Not(HasSubstr("WHY"))));
  EXPECT_THAT(narrow[5], AllOf(HasSubstr("send"), HasSubstr("restarting")));
  EXPECT_THAT(lines({.lines = 10, .columns = 80})[1],
              AllOf(HasSubstr("RESTARTS"), HasSubstr("LEFT"), HasSubstr("WHY")));
}

TEST_F(PictureTest, KeepsTheEndsOfLongPathsInTheTable) {
  Rows rows = testing::small_tree();
  rows.push_back(testing::worker("root/a-very-long-name-of-a-supervisor/and-another-one/that-worker", 7, 1s));
  model.show({}, rows);
  type("t");
  EXPECT_THAT(lines({.lines = 12, .columns = 40}), Contains(HasSubstr("one/that-worker ")));
}

TEST_F(PictureTest, MarksTheChosenNodeAndColoursTrouble) {
  type("jjj");
  const Picture picture = drawn({.lines = 12, .columns = 80});
  EXPECT_TRUE(picture.lines[5][0].style.reverse);
  EXPECT_FALSE(picture.lines[4][0].style.reverse);
  EXPECT_EQ(picture.lines[5][2].text, "restarting");
  EXPECT_EQ(picture.lines[5][2].style.colour, Colour::yellow);
}

TEST_F(PictureTest, ShowsAPaneOfTheChosenNode) {
  type("w");
  EXPECT_THAT(lines({.lines = 24, .columns = 80})[10], StartsWith("why root: ..."));
  model.show_pane({PaneKind::why, "root"}, "root is running\n  budget  5 of 5\n");
  const auto all = lines({.lines = 24, .columns = 80});
  EXPECT_THAT(all[10], StartsWith("why root (1 of 2 lines)"));
  EXPECT_THAT(all[11], StartsWith("root is running "));
}

TEST_F(PictureTest, SharesASmallScreenBetweenNodesAndPane) {
  const Layout shares = layout({.lines = 10, .columns = 40}, true);
  EXPECT_GE(shares.nodes, 2u);
  EXPECT_GE(shares.pane, 3u);
  EXPECT_EQ(layout({.lines = 6, .columns = 40}, true).pane, 0u);
  EXPECT_EQ(layout({.lines = 2, .columns = 40}, true).nodes, 0u);
}

TEST_F(PictureTest, AsksInTheLastLineWithTheCursorBehindIt) {
  type("/clo");
  const Picture picture = drawn({.lines = 12, .columns = 40});
  EXPECT_THAT(text_of(picture.lines.back()), StartsWith("filter: clo "));
  EXPECT_EQ(picture.cursor_column, 11u);
  type("ck of a much longer text than there is room for");
  const Picture full = drawn({.lines = 12, .columns = 20});
  EXPECT_THAT(text_of(full.lines.back()), Not(StartsWith("filter")));
  EXPECT_THAT(text_of(full.lines.back()), HasSubstr("is room for"));
  EXPECT_EQ(full.cursor_column, 19u);
}

TEST_F(PictureTest, SaysThatTheSupervisorIsAwayAndKeepsTheNodes) {
  model.show_trouble("no supervisor is running: there is no /x");
  const auto all = lines({.lines = 12, .columns = 80});
  EXPECT_THAT(all[0], StartsWith("no supervisor is running: there is no /x"));
  EXPECT_THAT(all[2], HasSubstr("root"));
}

TEST_F(PictureTest, SaysWhenAFilterLeavesNothing) {
  type("/nobody\n");
  const auto all = lines({.lines = 12, .columns = 80});
  EXPECT_THAT(all[0], HasSubstr("with \"nobody\""));
  EXPECT_THAT(all[2], StartsWith("no node has that"));
}

TEST_F(PictureTest, HelpsWithEveryKey) {
  for (const Size size : {Size{24, 80}, Size{10, 60}}) {
    drawn(size);
    type("?");
    std::string text;
    while (model.help()) {
      for (const std::string& line : lines(size)) text += line + "\n";
      type(" ");
    }
    for (const Binding& binding : bindings()) EXPECT_THAT(text, HasSubstr(std::string(binding.help)));
  }
}

TEST_F(PictureTest, HoldsTenThousandNodes) {
  Rows rows{testing::supervisor("root", 0)};
  for (int i = 0; i < 10'000; ++i) rows.push_back(testing::worker("root/w" + std::to_string(i), i + 1, 1s));
  model.show(testing::running("large"), rows);
  drawn({.lines = 24, .columns = 80});
  type("G");
  const auto all = lines({.lines = 24, .columns = 80});
  EXPECT_THAT(all[0], StartsWith("large running 10000 of 10000 ready"));
  EXPECT_THAT(all[22], StartsWith("    w9999 "));
}

TEST_F(PictureTest, ShowsNothingATerminalWouldObey) {
  Rows rows = testing::small_tree();
  rows[6].why = "\x1b[2J\x07";
  rows[6].name = "clo\nck";
  rows[6].state =
      "\x9B"
      "31m";
  model.show(testing::running("\x1b]0;evil\x07"), rows);
  type("G");
  for (const std::string& line : lines({.lines = 24, .columns = 120})) {
    for (const char c : line) EXPECT_FALSE(static_cast<unsigned char>(c) < 0x20 || c == 0x7F) << line;
  }
}

}  // namespace
}  // namespace simplevisor::cli::live
