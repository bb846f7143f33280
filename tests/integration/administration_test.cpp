// What an administrator does to a running tree, and what he is told.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>

#include "tests/integration/host.hpp"

namespace simplevisor::integration {
namespace {

using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;

constexpr const char* host_tree = R"(
[supervisor.root]
intensity = 5
children  = ["broker", "jobs", "once"]
[supervisor.broker]
strategy  = "one_for_all"
intensity = 5
children  = ["receive", "send"]
[worker.receive]
command = ["/bin/sleep", "1000"]
[worker.send]
command = ["/bin/sleep", "1000"]
[pool.jobs]
size    = 3
command = ["/bin/sh", "-c", "echo $SIMPLEVISOR_PATH {instance}; exec sleep 1000"]
[worker.once]
restart = "temporary"
command = ["/bin/sh", "-c", "exit 0"]
)";

class Administration : public testing::Test {
 protected:
  void SetUp() override { host.up(); }
  Host host{host_tree};
};

TEST_F(Administration, AStoppedNodeStaysStoppedWhenItsSiblingsAreRestarted) {
  ASSERT_EQ(host.cli({"stop", "root/broker/send"}).exit_code, 0);
  EXPECT_EQ(host.node("root/broker/send").at("state"), "stopped");
  EXPECT_THAT(std::string{host.node("root/broker/send").at("why").as_string()},
              testing::StartsWith("stopped by uid "));
  EXPECT_EQ(host.cli({"check"}).exit_code, 0) << "what was wished for is as expected";

  const pid_t before = host.pid_of("root/broker/receive");
  ::kill(before, SIGKILL);  // one_for_all: everybody is restarted, but he who is held
  ASSERT_TRUE(eventually([&] {
    return host.pid_of("root/broker/receive") > 0 && host.pid_of("root/broker/receive") != before;
  }));
  EXPECT_EQ(host.node("root/broker/send").at("state"), "stopped");

  ASSERT_EQ(host.cli({"start", "send"}).exit_code, 0);
  EXPECT_EQ(host.node("root/broker/send").at("state"), "running");
}

TEST_F(Administration, AHoldIsSeenEverywhereAndOutlivesTheSupervisor) {
  ASSERT_EQ(host.cli({"hold", "send", "--reason", "broker moves", "--for", "1h"}).exit_code, 0);
  ASSERT_EQ(host.cli({"hold", "jobs/2"}).exit_code, 0);
  ASSERT_EQ(host.cli({"stop"}).exit_code, 0);
  host.wait();
  host.up();
  EXPECT_EQ(host.pid_of("root/broker/send"), 0);
  EXPECT_EQ(host.pid_of("root/jobs/2"), 0);
  EXPECT_GT(host.pid_of("root/jobs/1"), 0);
  const std::string why{host.node("root/broker/send").at("why").as_string()};
  EXPECT_THAT(why,
              testing::AllOf(testing::StartsWith("held by uid "), testing::EndsWith("more: broker moves")));
  EXPECT_THAT(host.cli({"status"}).out, HasSubstr("broker moves"));
  EXPECT_THAT(host.cli({"why", "send"}).out, HasSubstr("broker moves"));
  EXPECT_EQ(host.cli({"check"}).exit_code, 0);
  ASSERT_EQ(host.cli({"release", "send"}).exit_code, 0);
  ASSERT_EQ(host.cli({"start", "root/jobs/2"}).exit_code, 0);
  EXPECT_GT(host.pid_of("root/broker/send"), 0);
  EXPECT_GT(host.pid_of("root/jobs/2"), 0);
}

TEST_F(Administration, AHoldEndsByItself) {
  ASSERT_EQ(host.cli({"hold", "send", "--for", "1ms"}).exit_code, 0);
  EXPECT_TRUE(eventually([&] { return host.pid_of("root/broker/send") > 0; })) << host.log();
  EXPECT_THAT(host.log(), HasSubstr("root/broker/send: its hold is over"));
  EXPECT_THAT(host.cli({"events", "send"}).out, HasSubstr("asked root/broker/send: stop for 1 ms, by uid "));
}

TEST_F(Administration, WhatIsHeldBelowAStoppedSupervisorStaysSoWhenThatIsStarted) {
  ASSERT_EQ(host.cli({"stop", "broker"}).exit_code, 0);
  ASSERT_EQ(host.cli({"hold", "send", "--reason", "not yet"}).exit_code, 0);
  ASSERT_EQ(host.cli({"start", "broker"}).exit_code, 0);
  EXPECT_GT(host.pid_of("root/broker/receive"), 0);
  EXPECT_EQ(host.pid_of("root/broker/send"), 0);
  ASSERT_EQ(host.cli({"release", "send"}).exit_code, 0);
  EXPECT_GT(host.pid_of("root/broker/send"), 0);
}

TEST_F(Administration, AHoldThatIsOverBelowAStoppedSupervisorHoldsNobody) {
  ASSERT_EQ(host.cli({"stop", "broker"}).exit_code, 0);
  ASSERT_EQ(host.cli({"hold", "send", "--for", "1ms"}).exit_code, 0);
  ASSERT_TRUE(eventually([&] { return host.log().contains("root/broker/send: its hold is over"); }));
  ASSERT_EQ(host.cli({"start", "broker"}).exit_code, 0);
  EXPECT_GT(host.pid_of("root/broker/send"), 0);
}

TEST_F(Administration, SignalsReachTheProcessesThatAreMeant) {
  const pid_t send = host.pid_of("root/broker/send");
  const pid_t job = host.pid_of("root/jobs/1");
  const Outcome outcome = host.cli({"signal", "broker", "KILL"});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("root/broker/send: signalled"));
  EXPECT_TRUE(eventually([&] {
    const pid_t now = host.pid_of("root/broker/send");
    return now > 0 && now != send;
  }));
  EXPECT_EQ(host.pid_of("root/jobs/1"), job);
  EXPECT_EQ(host.cli({"signal", "send", "NONSENSE"}).exit_code, 2);
  EXPECT_EQ(host.cli({"signal", "nobody", "HUP"}).exit_code, 4);
  EXPECT_EQ(host.cli({"signal", "once", "HUP"}).exit_code, 1);
}

TEST_F(Administration, StopsAndStartsAWholeSubtree) {
  ASSERT_EQ(host.cli({"stop", "broker"}).exit_code, 0);
  EXPECT_EQ(host.pid_of("root/broker/receive"), 0);
  EXPECT_EQ(host.cli({"check"}).exit_code, 0);
  const Outcome refused = host.cli({"start", "root/broker/send"});
  EXPECT_EQ(refused.exit_code, 1);
  EXPECT_THAT(refused.err, HasSubstr("its supervisor does not run"));
  ASSERT_EQ(host.cli({"start", "broker"}).exit_code, 0);
  EXPECT_GT(host.pid_of("root/broker/receive"), 0);
}

TEST_F(Administration, RestartsANodeWithoutCounting) {
  const pid_t before = host.pid_of("root/broker/send");
  const pid_t sibling = host.pid_of("root/broker/receive");
  ASSERT_EQ(host.cli({"restart", "root/broker/send"}).exit_code, 0);
  EXPECT_NE(host.pid_of("root/broker/send"), before);
  EXPECT_EQ(host.pid_of("root/broker/receive"), sibling) << "a wish is no group restart";
  EXPECT_EQ(host.node("root/broker").at("restarts"), 0);
}

TEST_F(Administration, KnowsTheInstancesOfAPool) {
  EXPECT_EQ(host.node("root/jobs").at("wanted"), 3);
  EXPECT_EQ(host.node("root/jobs").at("ready"), 3);
  ASSERT_EQ(host.cli({"stop", "root/jobs/2"}).exit_code, 0);
  EXPECT_EQ(host.node("root/jobs").at("wanted"), 2);
  ASSERT_EQ(host.cli({"start", "root/jobs/2"}).exit_code, 0);
  EXPECT_GT(host.pid_of("root/jobs/2"), 0);
  ASSERT_EQ(host.cli({"restart", "root/jobs/*"}).exit_code, 0);
  EXPECT_EQ(host.node("root/jobs").at("ready"), 3);
  EXPECT_TRUE(eventually([&] { return host.lines("state/log/root.jobs.2.log").size() == 3; }));
  EXPECT_THAT(host.lines("state/log/root.jobs.2.log").back(), EndsWith(" stdout F root/jobs/2 2"));
}

TEST_F(Administration, AHoldTakesThePlaceOfTheOneBefore) {
  for (const std::string node : {"root/broker/send", "root/jobs/2", "root/once"}) {
    ASSERT_EQ(host.cli({"hold", node, "--for", "1h", "--reason", "moves"}).exit_code, 0);
    ASSERT_EQ(host.cli({"hold", node, "--reason", "disk"}).exit_code, 0) << node;
    EXPECT_THAT(std::string{host.node(node).at("why").as_string()}, EndsWith(": disk"));
  }
}

TEST_F(Administration, APatternLeavesThoseAloneWhoAreHeld) {
  ASSERT_EQ(host.cli({"hold", "root/jobs/2", "--reason", "disk"}).exit_code, 0);
  const pid_t before = host.pid_of("root/jobs/1");
  const Outcome restarted = host.cli({"restart", "root/jobs/*"});
  ASSERT_EQ(restarted.exit_code, 0) << restarted.err;
  EXPECT_EQ(restarted.out, "2 nodes restarted, 1 left alone: held\n");
  EXPECT_NE(host.pid_of("root/jobs/1"), before);
  EXPECT_EQ(host.pid_of("root/jobs/2"), 0);

  ASSERT_EQ(host.cli({"hold", "root/jobs/*", "--for", "1h", "--reason", "moves"}).exit_code, 0);
  EXPECT_THAT(std::string{host.node("root/jobs/1").at("why").as_string()}, EndsWith("more: moves"));
  EXPECT_THAT(std::string{host.node("root/jobs/2").at("why").as_string()}, EndsWith(": disk"))
      << "it would be started in an hour";
  const Outcome refused = host.cli({"restart", "root/jobs/*"});
  EXPECT_EQ(refused.exit_code, 1);
  EXPECT_THAT(refused.err, HasSubstr("all that match are held"));
  ASSERT_EQ(host.cli({"hold", "broker"}).exit_code, 0);
  EXPECT_EQ(host.cli({"restart", "root/broker/*"}).exit_code, 1);
  EXPECT_EQ(host.pid_of("root/broker/send"), 0);

  ASSERT_EQ(host.cli({"restart", "root/jobs/2"}).exit_code, 0) << "it is meant by its name";
  EXPECT_GT(host.pid_of("root/jobs/2"), 0);
  ASSERT_EQ(host.cli({"start", "root/jobs/*"}).exit_code, 0);
  EXPECT_EQ(host.node("root/jobs").at("ready"), 3);
}

TEST_F(Administration, GivesATemporaryChildThatEndedAnotherRun) {
  ASSERT_TRUE(eventually([&] { return host.node("root/once").at("state") == "ended"; }));
  EXPECT_EQ(host.cli({"start", "root/once"}).exit_code, 0);
  EXPECT_TRUE(eventually([&] { return host.node("root/once").at("restarts") == 1; }));
}

TEST_F(Administration, NamesThatMeanNothingOrTooMuchAreErrors) {
  EXPECT_EQ(host.cli({"stop", "nobody"}).exit_code, 4);
  EXPECT_EQ(host.cli({"status", "root/nobody"}).exit_code, 4);
  EXPECT_EQ(host.cli({"stop", "root"}).exit_code, 1);
}

TEST_F(Administration, TellsWhenItIsDownAndWhenItsConfigurationIsBroken) {
  EXPECT_EQ(host.cli({"status"}).exit_code, 0);
  const Outcome stopped = host.cli({"stop"});
  EXPECT_EQ(stopped.exit_code, 0) << stopped.err;
  EXPECT_EQ(host.wait().exit_code, 0);
  EXPECT_EQ(host.cli({"status"}).exit_code, 3);
  EXPECT_EQ(host.cli({"check"}).exit_code, 3);
  EXPECT_EQ(host.cli({"restart", "root/jobs"}).exit_code, 7);
  EXPECT_EQ(run({SIMPLEVISOR_PROGRAM, "--conf", host.dir() + "/no.toml", "check_configuration"}).exit_code,
            8);
}

constexpr const char* stubborn_tree = R"(
[supervisor.root]
children = ["stubborn", "other"]
[worker.stubborn]
shutdown = "infinity"
command  = ["/bin/sh", "-c", "trap '' TERM; exec sleep 1000"]
[worker.other]
command = ["/bin/sleep", "1000"]
)";

TEST(Stopping, StartsNothingAnyMore) {
  Host host{stubborn_tree};
  host.up();
  const pid_t stubborn = host.pid_of("root/stubborn");
  host.signal(SIGTERM);
  ASSERT_TRUE(eventually([&] { return host.pid_of("root/other") == 0; }));
  for (const char* command : {"start", "restart"}) {
    const Outcome outcome = host.cli({command, "root/other"});
    EXPECT_EQ(outcome.exit_code, 1);
    EXPECT_THAT(outcome.err, HasSubstr("the supervisor is stopping"));
  }
  ::kill(stubborn, SIGKILL);
  EXPECT_EQ(host.wait().exit_code, 0);
}

TEST(StartingAgain, TellsOfWhatAKilledSupervisorLeftRunning) {
  Host host{stubborn_tree};
  host.up();
  const pid_t left = host.pid_of("root/other");
  const pid_t left_too = host.pid_of("root/stubborn");
  host.signal(SIGKILL);
  host.wait();
  EXPECT_TRUE(alive(left)) << "workers outlive their supervisor";
  host.up();
  EXPECT_THAT(host.log(),
              HasSubstr("root/other: a process started by an earlier supervisor is still running"));
  const pid_t stubborn = host.pid_of("root/stubborn");
  host.signal(SIGTERM);  // first: whoever dies while nothing is being stopped is restarted
  for (const pid_t pid : {left, left_too, stubborn}) ::kill(pid, SIGKILL);
}

TEST(Roles, SayWhatIsForbiddenAndHideWhatIsNotToBeSeen) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root to become another user";
  Host host(
      "[simplevisor.control]\nread = [\"65534 root/jobs\"]\noperate = [\"65534 root/jobs/2\"]\n"
      "[supervisor.root]\nchildren = [\"jobs\", \"other\"]\n[pool.jobs]\nsize = 2\n"
      "command = [\"/bin/sleep\", \"1000\"]\n[worker.other]\ncommand = [\"/bin/sleep\", \"1000\"]\n");
  std::filesystem::permissions(host.dir(), std::filesystem::perms{0755});
  host.up();
  const auto restart = [&](const std::string& pattern) {
    return run({"setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "curl", "-s", "-w",
                " %{http_code}", "--unix-socket", host.dir() + "/state/control.sock", "-d",
                R"({"pattern":")" + pattern + R"("})", "http://localhost/v1/restart"})
        .out;
  };
  EXPECT_THAT(restart("root/jobs/2"), EndsWith(" 200"));
  EXPECT_THAT(restart("root/jobs/*"), EndsWith(" 200"));
  EXPECT_THAT(restart("root/jobs/1"),
              AllOf(HasSubstr("root/jobs/1: you may look at it, but not act on it"), EndsWith(" 403")));
  EXPECT_THAT(restart("root/other"), AllOf(HasSubstr("no such node: root/other"), EndsWith(" 404")));
  EXPECT_EQ(host.node("root/jobs/1").at("restarts"), 0);
  EXPECT_EQ(host.node("root/jobs/2").at("restarts"), 2);
  EXPECT_THAT(host.log(), HasSubstr("was refused POST /v1/restart (403)"));
}

TEST(Daemon, ReturnsWhenTheTreeIsUp) {
  Host host("[worker.a]\ncommand = [\"/bin/sleep\", \"1000\"]\n");
  const Outcome started = host.cli({"start", "--daemon"});
  ASSERT_EQ(started.exit_code, 0) << started.err;
  EXPECT_EQ(host.node("root/a").at("state"), "running");
  EXPECT_EQ(host.cli({"stop"}).exit_code, 0);
  EXPECT_EQ(host.cli({"status"}).exit_code, 3);
}

TEST(Daemon, SaysWhyTheTreeIsNotUp) {
  Host host("[worker.a]\ncommand = [\"/nonexistent/program\"]\n");
  const Outcome started = host.cli({"start", "--daemon"});
  EXPECT_EQ(started.exit_code, 1);
  EXPECT_THAT(started.err, HasSubstr("root/a: could not be started"));
}

// In a container the supervisor is pid 1: orphans become its children, and no signal has a default action.
TEST(Container, RunsReapsAndStopsAsPidOne) {
  Host host(
      "[worker.a]\ncommand = [\"/bin/sh\", \"-c\", '''(sleep 0.01; echo $$ >@DIR@/orphan) & exec sleep "
      "1000''']\n");
  host.launch({"unshare", "--map-root-user", "--user", "--pid", "--fork", "--mount-proc"});
  ASSERT_TRUE(eventually([&] {
    return host.node("root/a").at("state") == "running" && !host.read("orphan").empty();
  })) << host.log();
  EXPECT_THAT(host.log(), HasSubstr("as pid 1,"));
  const Outcome stopped = host.cli({"stop"});
  EXPECT_EQ(stopped.exit_code, 0) << stopped.err;
  EXPECT_EQ(host.wait().exit_code, 0);
}

}  // namespace
}  // namespace simplevisor::integration
