// The decisions of a real supervisor, played through once more.
#include <gmock/gmock.h>

#include <csignal>
#include <fstream>

#include "tests/integration/host.hpp"

namespace simplevisor::integration {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr const char* tree = R"(
[supervisor.root]
intensity = 50
children = ["group", "jobs", "flaky", "held"]
[supervisor.group]
strategy = "one_for_all"
intensity = 1
children = ["x", "y"]
[worker.x]
command = ["/bin/sleep", "1000"]
[worker.y]
command = ["/bin/sleep", "1000"]
[pool.jobs]
size = 3
intensity = 20
command = ["/bin/sleep", "1000"]
[worker.flaky]
command = ["/bin/sh", "-c", "test -e @DIR@/quiet && exec sleep 1000; exit 1"]
backoff = { initial = "5ms", max = "40ms", jitter = 0.3 }
[worker.held]
command = ["/bin/sleep", "1000"]
)";

class ReplayTest : public testing::Test {
 protected:
  // Crashes, an escalation, backoffs with jitter, wishes: and the end.
  void live() {
    host.up();
    std::ofstream(host.dir() + "/quiet") << "";
    for (int n = 0; n < 4; ++n) kill_and_see_it_back("root/group/x");
    for (int n = 0; n < 3; ++n) kill_and_see_it_back("root/jobs/2");
    ASSERT_EQ(host.cli({"hold", "held"}).exit_code, 0);
    ASSERT_EQ(host.cli({"stop", "jobs/1"}).exit_code, 0);
    ASSERT_EQ(host.cli({"start", "jobs/1"}).exit_code, 0);
    ASSERT_EQ(host.cli({"restart", "group"}).exit_code, 0);
    ASSERT_EQ(host.cli({"stop"}).exit_code, 0);
    host.wait();
  }
  void kill_and_see_it_back(const std::string& path) {
    const pid_t before = host.pid_of(path);
    ASSERT_GT(before, 0) << path;
    ::kill(before, SIGKILL);
    ASSERT_TRUE(eventually([&] { return host.pid_of(path) > 0 && host.pid_of(path) != before; })) << path;
  }
  Host host{tree};
};

TEST_F(ReplayTest, EveryDecisionIsReproduced) {
  live();
  const Outcome replayed = host.cli({"replay"});
  EXPECT_EQ(replayed.exit_code, 0) << replayed.out << replayed.err;
  EXPECT_THAT(replayed.out, HasSubstr("root/group: gave_up (root/group/x)"));
  EXPECT_THAT(replayed.out, HasSubstr("root: restarting (root/flaky)"));
  EXPECT_THAT(replayed.out, HasSubstr(", as they were taken"));
  // The next life begins with what is held, on a tape of its own.
  host.up();
  ASSERT_EQ(host.cli({"start", "held"}).exit_code, 0);
  ASSERT_EQ(host.cli({"stop"}).exit_code, 0);
  EXPECT_EQ(host.cli({"replay"}).exit_code, 0);
  const Outcome before = host.cli({"replay", host.dir() + "/state/journal/tape.jsonl.1"});
  EXPECT_EQ(before.exit_code, 0) << before.out << before.err;
  EXPECT_THAT(before.out, HasSubstr("gave_up"));
}

TEST_F(ReplayTest, WhatIsNotAsItWasIsTold) {
  live();
  const std::string tape = host.dir() + "/state/journal/tape.jsonl";
  const std::string text = host.read("state/journal/tape.jsonl");
  // The first crash is forgotten: the group has one restart more left than it had.
  const std::size_t at = text.find("[\"exited\"", text.find("[\"exited\",1"));
  ASSERT_NE(at, std::string::npos);
  const std::size_t begin = text.rfind('\n', at) + 1;
  std::ofstream(tape) << text.substr(0, begin) << text.substr(text.find('\n', at) + 1);
  const Outcome different = host.cli({"replay"});
  EXPECT_EQ(different.exit_code, 1);
  EXPECT_THAT(different.out, HasSubstr("DIFFERENT: "));
  std::ofstream(tape) << "nonsense\n";
  EXPECT_THAT(host.cli({"replay"}).err, HasSubstr("line 1 of the tape: this is no tape"));
  std::ofstream(tape) << text;
  EXPECT_THAT(host.cli({"replay", host.dir() + "/none"}).err, HasSubstr("none: No such file"));
  EXPECT_THAT(host.cli({"replay", "/dev/zero"}).err, HasSubstr("/dev/zero: line 1 is longer than"));
  std::string other = host.read("tree.toml");
  other.replace(other.find("intensity = 50"), 14, "intensity = 51");
  std::ofstream(host.dir() + "/tree.toml") << other;
  const Outcome refused = host.cli({"replay"});
  EXPECT_EQ(refused.exit_code, 1);
  EXPECT_THAT(refused.err, HasSubstr("was made with another configuration"));
}

}  // namespace
}  // namespace simplevisor::integration
