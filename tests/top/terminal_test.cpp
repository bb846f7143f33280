// `simplevisor top` as its user meets it: the real program against a real supervisor, in tmux.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>

#include "tests/integration/host.hpp"
#include "tests/top/tmux.hpp"

namespace simplevisor {
namespace {

using integration::eventually;
using ::testing::HasSubstr;
using ::testing::Not;

class Terminal : public ::testing::Test {
 protected:
  Terminal() { host.up(); }

  void open_top(const std::string& arguments = "") {
    tmux.type(std::string(SIMPLEVISOR_PROGRAM) + " --conf tree.toml top " + arguments);
    tmux.press("Enter");
    ASSERT_TRUE(tmux.shows("? help  q quit"));
    ASSERT_TRUE(tmux.shows("test running"));  // the first look
  }
  // Chooses a node by its path; no other may contain it.
  void choose(const std::string& path) {
    tmux.type("/" + path);
    tmux.press("Enter");
    ASSERT_TRUE(tmux.shows("with \"" + path + "\""));
    tmux.press("End");
  }
  [[nodiscard]] std::string line_with(const std::string& text) const {
    const std::string screen = tmux.screen();
    const std::size_t at = screen.find(text);
    if (at == std::string::npos) return "";
    const std::size_t begin = screen.rfind('\n', at) + 1;
    return screen.substr(begin, screen.find('\n', at) - begin);
  }
  [[nodiscard]] std::string pid_text(const std::string& path) const {
    return " " + std::to_string(host.pid_of(path)) + " ";
  }

  integration::Host host{R"(
[supervisor.root]
intensity = 100
period    = "1min"
children  = ["jobs", "clock", "talker", "broker"]
[pool.jobs]
size    = 3
command = ["/bin/sleep", "1000"]
[worker.clock]
command = ["/bin/sleep", "1000"]
[worker.talker]
command = ["/bin/sh", "-c", "printf 'good morning \\033[31m\\n'; exec sleep 1000"]
[supervisor.broker]
children = ["send"]
[worker.send]
command = ["/bin/sleep", "1000"]
)"};
  testing::Tmux tmux{host.dir(), 100, 30};
};

TEST_F(Terminal, ShowsTheNodesAndWhatBecomesOfThem) {
  open_top();
  for (const char* name : {"- root", "- jobs", "clock", "talker", "- broker", "send"})
    EXPECT_TRUE(tmux.shows(name));
  EXPECT_TRUE(tmux.shows("test running 6 of 6 ready"));
  const pid_t before = host.pid_of("root/clock");
  EXPECT_TRUE(tmux.shows(" " + std::to_string(before) + " "));
  ASSERT_EQ(::kill(before, SIGKILL), 0);
  ASSERT_TRUE(
      eventually([&] { return host.pid_of("root/clock") > 0 && host.pid_of("root/clock") != before; }));
  EXPECT_TRUE(tmux.shows(pid_text("root/clock")));
  EXPECT_TRUE(tmux.shows_no_more(" " + std::to_string(before) + " "));
  EXPECT_TRUE(tmux.shows("before: killed by"));
}

TEST_F(Terminal, SortsFoldsAndFilters) {
  open_top();
  tmux.type("t");
  ASSERT_TRUE(tmux.shows("by path"));
  tmux.type("i");
  ASSERT_TRUE(tmux.shows("by path (inverted)"));
  const std::string inverted = tmux.screen();
  EXPECT_LT(inverted.find("root/talker"), inverted.find("root/clock"));
  tmux.type("t");
  ASSERT_TRUE(tmux.shows("- jobs"));
  tmux.type("c");
  EXPECT_TRUE(tmux.shows("+ jobs"));
  EXPECT_TRUE(tmux.shows("+ broker"));
  EXPECT_TRUE(tmux.shows_no_more("send"));
  tmux.type("e");
  EXPECT_TRUE(tmux.shows("send"));
  tmux.type("/clo");
  EXPECT_TRUE(tmux.shows("filter: clo"));
  EXPECT_TRUE(tmux.shows_no_more("talker"));
  tmux.press("Enter");
  EXPECT_TRUE(tmux.shows("with \"clo\""));
  tmux.press("Escape");
  EXPECT_TRUE(tmux.shows("talker"));
}

TEST_F(Terminal, RestartsAfterAYesAndNotAfterANo) {
  open_top();
  choose("root/clock");
  const pid_t before = host.pid_of("root/clock");
  tmux.type("r");
  ASSERT_TRUE(tmux.shows("restart root/clock? y/n"));
  tmux.type("n");
  ASSERT_TRUE(tmux.shows("restart: not done"));
  EXPECT_EQ(host.pid_of("root/clock"), before);
  tmux.type("r");
  ASSERT_TRUE(tmux.shows("restart root/clock? y/n"));
  tmux.type("y");
  ASSERT_TRUE(
      eventually([&] { return host.pid_of("root/clock") > 0 && host.pid_of("root/clock") != before; }));
  EXPECT_TRUE(tmux.shows(pid_text("root/clock")));
}

TEST_F(Terminal, HoldsReleasesAndSignals) {
  open_top();
  choose("root/clock");
  tmux.type("h");
  ASSERT_TRUE(tmux.shows("hold for how long"));
  tmux.type("2h");
  tmux.press("Enter");
  ASSERT_TRUE(tmux.shows("reason"));
  tmux.type("disk is full");
  tmux.press("Enter");
  ASSERT_TRUE(tmux.shows("hold for 2h root/clock? y/n"));
  tmux.type("y");
  EXPECT_TRUE(tmux.shows("stopped"));
  ASSERT_TRUE(eventually([&] { return host.node("root/clock").at("state") == "stopped"; }));
  EXPECT_THAT(host.cli({"why", "root/clock"}).out, HasSubstr("disk is full"));
  tmux.type("sy");
  ASSERT_TRUE(eventually([&] { return host.node("root/clock").at("state") == "running"; }));
  const pid_t before = host.pid_of("root/clock");
  tmux.type("KKILL");
  tmux.press("Enter");
  ASSERT_TRUE(tmux.shows("send KILL to root/clock? y/n"));
  tmux.type("y");
  ASSERT_TRUE(
      eventually([&] { return host.pid_of("root/clock") > 0 && host.pid_of("root/clock") != before; }));
}

TEST_F(Terminal, ShowsWhatAWorkerPrintedWithoutObeyingIt) {
  open_top();
  choose("root/talker");
  tmux.type("l");
  EXPECT_TRUE(tmux.shows("logs of root/talker"));
  EXPECT_TRUE(tmux.shows("good morning ?[31m"));
  tmux.type("w");
  EXPECT_TRUE(tmux.shows("why root/talker"));
  EXPECT_TRUE(tmux.shows("root/talker is running, pid "));
  tmux.press("Escape");
  EXPECT_TRUE(tmux.shows_no_more("why root/talker"));
}

TEST_F(Terminal, FitsWhateverSizeItsWindowGets) {
  open_top();
  tmux.resize(40, 10);
  EXPECT_TRUE(tmux.shows_no_more("RESTARTS"));
  EXPECT_TRUE(tmux.shows("STATE"));
  tmux.type("w");
  EXPECT_TRUE(tmux.shows("why root"));
  tmux.resize(160, 50);
  EXPECT_TRUE(tmux.shows("RESTARTS"));
  EXPECT_TRUE(tmux.shows("root is running"));
  const std::string screen = tmux.screen();
  EXPECT_EQ(std::ranges::count(screen, '\n'), 50);
  EXPECT_THAT(line_with("why root"), Not(HasSubstr("STATE")));
}

TEST_F(Terminal, SaysThatTheSupervisorIsAwayAndFindsItAgain) {
  open_top();
  host.signal(SIGTERM);
  host.wait();
  EXPECT_TRUE(tmux.shows("no supervisor is running"));
  EXPECT_TRUE(tmux.shows("clock"));
  host.up();
  EXPECT_TRUE(tmux.shows("test running 6 of 6 ready"));
  EXPECT_TRUE(tmux.shows(pid_text("root/clock")));
}

TEST_F(Terminal, LeavesTheShellAsItWas) {
  tmux.type("stty -g >before; echo here-before");
  tmux.press("Enter");
  ASSERT_TRUE(tmux.shows("\nhere-before"));
  for (const std::string end : {"q", "INT", "TERM"}) {
    open_top();
    if (end == "q")
      tmux.type("q");
    else if (end == "INT")
      tmux.press("C-c");
    else
      ASSERT_EQ(::kill(tmux.child(), SIGTERM), 0);
    ASSERT_TRUE(tmux.shows("here-before"));
    EXPECT_TRUE(tmux.shows_no_more("? help  q quit"));
    tmux.type("clear; stty -g >after; cmp before after && echo the-same-$?");
    tmux.press("Enter");
    EXPECT_TRUE(tmux.shows("\nthe-same-0")) << end;
    tmux.type("clear; echo here-before");
    tmux.press("Enter");
    ASSERT_TRUE(tmux.shows("\nhere-before"));
  }
}

TEST_F(Terminal, CanBeSuspendedAndContinued) {
  open_top();
  tmux.press("C-z");
  ASSERT_TRUE(tmux.shows("Stopped"));
  EXPECT_TRUE(tmux.shows_no_more("? help  q quit"));
  tmux.resize(90, 20);
  tmux.type("fg");
  tmux.press("Enter");
  ASSERT_TRUE(tmux.shows("? help  q quit"));
  EXPECT_TRUE(tmux.shows("- jobs"));
  tmux.type("t");
  EXPECT_TRUE(tmux.shows("by path"));
  // Without having been asked.
  ASSERT_EQ(::kill(tmux.child(), SIGSTOP), 0);
  ASSERT_TRUE(tmux.shows("Stopped"));
  tmux.type("fg");
  tmux.press("Enter");
  ASSERT_TRUE(tmux.shows_no_more("Stopped"));
  tmux.type("t");
  EXPECT_TRUE(tmux.shows("- jobs"));
  tmux.type("q");
  ASSERT_TRUE(tmux.shows_no_more("? help  q quit"));
}

TEST_F(Terminal, EndsWhenItsTerminalDoes) {
  open_top();
  const pid_t top = tmux.child();
  ASSERT_TRUE(integration::alive(top));
  tmux.end();
  EXPECT_TRUE(eventually([&] { return !integration::alive(top); }));
}

TEST_F(Terminal, ShowsARefusalAndGoesOn) {
  open_top();
  choose("root/clock");
  tmux.type("KNOSUCH");
  tmux.press("Enter");
  ASSERT_TRUE(tmux.shows("send NOSUCH to root/clock? y/n"));
  tmux.type("y");
  EXPECT_TRUE(tmux.shows("NOSUCH"));
  tmux.type("l");
  EXPECT_TRUE(tmux.shows("logs of root/clock"));
}

TEST_F(Terminal, SaysWhatItNeedsWhereThereIsNoTerminal) {
  const auto piped = host.cli({"top"});
  EXPECT_EQ(piped.exit_code, 1);
  EXPECT_EQ(piped.err, "simplevisor: top needs a terminal to draw on; 'status --watch' goes without\n");
  tmux.type("TERM=no-such-terminal " + std::string(SIMPLEVISOR_PROGRAM) +
            " --conf tree.toml top; echo code $?");
  tmux.press("Enter");
  EXPECT_TRUE(tmux.shows("the terminal 'no-such-terminal' ($TERM) is not known on this host"));
  EXPECT_TRUE(tmux.shows("code 1"));
}

}  // namespace
}  // namespace simplevisor
