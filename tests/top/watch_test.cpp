// `simplevisor status --watch` in tmux and in a pipe, against a real supervisor.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>

#include "tests/integration/host.hpp"
#include "tests/top/tmux.hpp"

namespace simplevisor {
namespace {

using integration::eventually;

class Watch : public ::testing::Test {
 protected:
  Watch() { host.up(); }
  void watch(const std::string& arguments) {
    tmux.type("clear; " + std::string(SIMPLEVISOR_PROGRAM) + " --conf tree.toml status --watch " + arguments);
    tmux.press("Enter");
  }
  pid_t kill_clock() {
    const pid_t before = host.pid_of("root/clock");
    ::kill(before, SIGKILL);
    EXPECT_TRUE(
        eventually([&] { return host.pid_of("root/clock") > 0 && host.pid_of("root/clock") != before; }));
    return host.pid_of("root/clock");
  }

  integration::Host host{R"(
[supervisor.root]
intensity = 100
children  = ["clock", "other"]
[worker.clock]
command = ["/bin/sleep", "1000"]
[worker.other]
command = ["/bin/sleep", "1000"]
)"};
  testing::Tmux tmux{host.dir(), 100, 20};
};

TEST_F(Watch, DrawsAgainWhatHasChangedUntilQ) {
  watch("-o path,state,pid");
  ASSERT_TRUE(tmux.shows("PATH "));
  EXPECT_TRUE(tmux.shows("root/clock                running     "));
  const std::string pid = std::to_string(kill_clock());
  EXPECT_TRUE(tmux.shows(pid));
  tmux.resize(30, 3);
  EXPECT_TRUE(tmux.shows("... and 2 more"));
  tmux.resize(100, 20);
  EXPECT_TRUE(tmux.shows("root/other"));
  tmux.type("q");
  EXPECT_TRUE(tmux.shows_no_more("PATH "));
  tmux.type("echo code $?");
  tmux.press("Enter");
  EXPECT_TRUE(tmux.shows("\ncode 0"));
}

TEST_F(Watch, GivesTheTerminalBackToAShellThatSuspendsIt) {
  watch("-o path,pid");
  ASSERT_TRUE(tmux.shows("root/clock"));
  tmux.press("C-z");
  ASSERT_TRUE(tmux.shows("Stopped"));
  tmux.type("fg");
  tmux.press("Enter");
  ASSERT_TRUE(tmux.shows("root/other"));
  tmux.press("C-c");
  EXPECT_TRUE(tmux.shows_no_more("root/other"));
}

TEST_F(Watch, SaysThatTheSupervisorHasEndedAndFindsItAgain) {
  watch("");
  ASSERT_TRUE(tmux.shows("NODE "));
  host.signal(SIGTERM);
  host.wait();
  EXPECT_TRUE(tmux.shows("no supervisor is running"));
  host.up();
  EXPECT_TRUE(tmux.shows("NODE "));
}

TEST_F(Watch, PrintsAnewOnlyWhatHasChangedWhereThereIsNoTerminal) {
  watch("--watch=100ms >out &");
  ASSERT_TRUE(eventually([&] { return host.read("out").contains("clock"); }));
  const pid_t program = tmux.child();
  const std::string pid = std::to_string(kill_clock());
  ASSERT_TRUE(eventually([&] { return host.read("out").contains(pid); }));
  const std::string out = host.read("out");
  EXPECT_THAT(out, ::testing::HasSubstr("\n\nNODE "));
  ASSERT_EQ(::kill(program, SIGTERM), 0);
  EXPECT_TRUE(eventually([&] { return !integration::alive(program); }));
}

}  // namespace
}  // namespace simplevisor
