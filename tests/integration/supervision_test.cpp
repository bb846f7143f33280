// The program as a user meets it: real processes, killed, hung, stubborn or broken.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/resource.h>

#include <csignal>
#include <fstream>
#include <thread>
#include <vector>

#include "tests/integration/host.hpp"

namespace simplevisor::integration {
namespace {

using testing::ContainsRegex;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::UnorderedElementsAre;

constexpr const char* sleeper = R"(["/bin/sleep", "1000"])";

std::string shell(const std::string& script) {
  return "[\"/bin/sh\", \"-c\", '''" + script + "''']";
}

TEST(Supervision, ReplacesAKilledWorkerAtOnceAndSaysWhy) {
  Host host(std::string("[worker.a]\ncommand = ") + sleeper + "\n");
  host.up();
  const pid_t first = host.pid_of("root/a");
  ASSERT_GT(first, 0);
  ::kill(first, SIGKILL);
  ASSERT_TRUE(eventually([&] { return host.pid_of("root/a") > 0 && host.pid_of("root/a") != first; }));
  const auto row = host.node("root/a");
  EXPECT_EQ(row.at("state"), "running");
  EXPECT_THAT(std::string(row.at("why").as_string()), HasSubstr("killed by signal 9 (SIGKILL)"));
  EXPECT_EQ(row.at("restarts"), 1);
  EXPECT_FALSE(alive(first));
}

// More threads that want to run than there are processors.
class BusyHost {
 public:
  BusyHost() {
    for (unsigned n = 0; n < std::thread::hardware_concurrency() + 2; ++n) {
      spinning_.emplace_back([](const std::stop_token& enough) {
        while (!enough.stop_requested()) {
        }
      });
    }
  }

 private:
  std::vector<std::jthread> spinning_;
};

TEST(Supervision, WhatAWorkerStartsHasItsNiceAlsoWhenItIsReplacedOnABusyHost) {
  Host host("[worker.a]\nnice = 10\ncommand = " + shell("nice >>@DIR@/nice; exec sleep 1000") + "\n");
  host.up();
  ASSERT_TRUE(eventually([&] { return host.lines("nice").size() == 1; }));
  const BusyHost busy;
  ::kill(host.pid_of("root/a"), SIGKILL);
  ASSERT_TRUE(eventually([&] { return host.lines("nice").size() == 2; }));
  EXPECT_THAT(host.lines("nice"), ElementsAre("10", "10"));
}

// Asked without the supervisor, by a thread that ends.
bool may_run_ahead_of_others() {
  bool may = false;
  std::thread([&] {
    const sched_param wanted{.sched_priority = 1};
    may = ::getpriority(PRIO_PROCESS, 0) == 0 &&
          ::sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, &wanted) == 0 &&
          ::sched_setscheduler(0, SCHED_FIFO, &wanted) == 0;
  }).join();
  return may;
}

TEST(Supervision, AReplacementRunsAheadOnABusyHostIfItMayAndIsWanted) {
  // The 41st word of a process's stat is its scheduling policy, 1 is SCHED_FIFO.
  const std::string tree = "[supervisor.root]\nchildren = [\"a\"]\nintensity = 1000\n[worker.a]\ncommand = " +
                           shell("cut -d\" \" -f41 /proc/$$/stat >>@DIR@/policy; exec sleep 1000") + "\n";
  const auto is_ever_ahead = [](Host& host, std::size_t kills) {
    const BusyHost busy;
    for (std::size_t n = 1; n <= kills; ++n) {
      EXPECT_TRUE(eventually([&] { return host.lines("policy").size() == n; }));
      if (host.lines("policy").back() == "1") return true;
      ::kill(host.pid_of("root/a"), SIGKILL);
    }
    return false;
  };
  Host host(tree);
  host.up();
  // Its moment may be over before a machine that is held up lets it look.
  EXPECT_EQ(is_ever_ahead(host, may_run_ahead_of_others() ? 100 : 5), may_run_ahead_of_others());
  Host fair("prefer_restarts = false\n" + tree);  // goes on with [simplevisor]
  fair.up();
  EXPECT_FALSE(is_ever_ahead(fair, 5));
}

TEST(Supervision, StopsInReverseOrderAndExitsWithZero) {
  const auto worker = [](const std::string& name) {
    return "[worker." + name + "]\ncommand = " +
           shell("trap \"echo " + name + " >>@DIR@/stops; exit 0\" TERM; echo " + name +
                 " >>@DIR@/starts; while :; do sleep 0.01; done") +
           "\n";
  };
  Host host("[supervisor.root]\nchildren = [\"a\", \"b\", \"c\"]\n" + worker("a") + worker("b") +
            worker("c"));
  host.up();
  ASSERT_TRUE(eventually([&] { return host.lines("starts").size() == 3; }));
  host.signal(SIGTERM);
  EXPECT_EQ(host.wait().exit_code, 0);
  EXPECT_THAT(host.lines("stops"), ElementsAre("c", "b", "a"));
}

TEST(Supervision, GivesUpAfterTooManyRestartsAndSaysWhichChildAndHow) {
  Host host("[supervisor.root]\nchildren = [\"a\"]\nintensity = 2\nperiod = \"60s\"\n[worker.a]\ncommand = " +
            shell("exit 3") + "\n");
  host.launch();
  const Outcome ended = host.wait();
  EXPECT_EQ(ended.exit_code, 1);
  EXPECT_THAT(
      ended.err,
      HasSubstr(
          "root: gave up: more than 2 restarts within 60 s, the last one of root/a (exited with status 3)"));
}

TEST(Supervision, StartsNothingWhenAChildCannotBeStarted) {
  Host host(std::string("[supervisor.root]\nchildren = [\"a\", \"b\"]\n[worker.a]\ncommand = ") + sleeper +
            "\n[worker.b]\ncommand = [\"/nonexistent/program\"]\n");
  host.launch();
  const Outcome ended = host.wait();
  EXPECT_EQ(ended.exit_code, 1);
  EXPECT_THAT(ended.err, HasSubstr("root/b: could not be started"));
  EXPECT_THAT(ended.err, HasSubstr("/nonexistent/program"));
  EXPECT_THAT(ended.err, HasSubstr("No such file or directory"));
}

TEST(Supervision, KillsAWorkerThatOutlivesItsGrace) {
  Host host("[worker.a]\nshutdown = \"100ms\"\ncommand = " +
            shell("trap \"\" TERM; echo up >@DIR@/up; while :; do sleep 0.01; done") + "\n");
  host.up();
  ASSERT_TRUE(eventually([&] { return !host.read("up").empty(); }));
  const pid_t pid = host.pid_of("root/a");
  host.signal(SIGTERM);
  const Outcome ended = host.wait();
  EXPECT_EQ(ended.exit_code, 0);
  EXPECT_FALSE(alive(pid));
  EXPECT_THAT(ended.err, HasSubstr("killed by signal 9 (SIGKILL), as asked"));
}

TEST(Supervision, ASecondSignalSkipsGraces) {
  Host host("[worker.a]\nshutdown = \"infinity\"\ncommand = " +
            shell("trap \"\" TERM; echo up >@DIR@/up; while :; do sleep 0.01; done") + "\n");
  host.up();
  ASSERT_TRUE(eventually([&] { return !host.read("up").empty(); }));
  host.signal(SIGTERM);
  ASSERT_TRUE(eventually([&] { return host.log().find("stopping") != std::string::npos; }));
  host.signal(SIGINT);
  EXPECT_EQ(host.wait().exit_code, 0);
}

TEST(Supervision, EndsWhatAWorkerLeavesInItsGroupAndInASessionOfItsOwn) {
  Host host("[worker.a]\ncommand = " +
            shell("sleep 1000 & echo $! >@DIR@/in-group; setsid sh -c \"echo \\$\\$ >@DIR@/escaped; exec "
                  "sleep 1000\" & "
                  "wait") +
            "\n");
  host.up();
  const auto number = [&](const std::string& file) { return std::atoi(host.read(file).c_str()); };
  ASSERT_TRUE(eventually([&] { return number("in-group") > 0 && number("escaped") > 0; }));
  const pid_t in_group = number("in-group");
  const pid_t escaped = number("escaped");
  ::kill(host.pid_of("root/a"), SIGKILL);
  EXPECT_TRUE(eventually([&] { return !alive(in_group) && !alive(escaped); }));
}

TEST(Supervision, RefusesASecondInstanceAndNamesTheFirst) {
  Host host(std::string("[worker.a]\ncommand = ") + sleeper + "\n");
  host.up();
  const Outcome second = host.cli({"start"});
  EXPECT_EQ(second.exit_code, 1);
  EXPECT_THAT(second.err, HasSubstr("already running as pid " + std::to_string(host.pid())));
}

TEST(Supervision, WaitsForReadinessAndTellsWhatTheWorkerSaysOfItself) {
  Host host(
      "[worker.a]\nready = \"notify\"\ncommand = [\"/usr/bin/python3\", \"-c\", '''\n"
      "import os, socket, time\n"
      "s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); s.connect(os.environ[\"NOTIFY_SOCKET\"])\n"
      "while not os.path.exists(\"@DIR@/go\"): time.sleep(0.01)\n"
      "s.send(b\"READY=1\\nSTATUS=handled 7\")\n"
      "time.sleep(1000)\n''']\n");
  host.launch();
  ASSERT_TRUE(eventually([&] { return host.node("root/a").at("state") == "starting"; }));
  EXPECT_EQ(host.cli({"check"}).exit_code, 1);
  std::ofstream(host.dir() + "/go") << "go";
  ASSERT_TRUE(eventually([&] { return host.node("root/a").at("state") == "running"; }));
  ASSERT_TRUE(eventually([&] { return host.node("root/a").at("status") == "handled 7"; }));
  EXPECT_EQ(host.cli({"check"}).exit_code, 0);
}

TEST(Supervision, IsReadyByANewlineOnADescriptor) {
  Host host("[worker.a]\nready = \"fd\"\nready_fd = 4\ncommand = " + shell("echo >&4; exec sleep 1000") +
            "\n");
  host.up();
  EXPECT_EQ(host.node("root/a").at("state"), "running");
}

TEST(Supervision, AStartThatTakesTooLongFailsAndLeavesNothing) {
  Host host("[worker.a]\nready = \"notify\"\nstart_timeout = \"200ms\"\ncommand = " +
            shell("echo $$ >@DIR@/pid; exec sleep 1000") + "\n");
  host.launch();
  const Outcome ended = host.wait();
  EXPECT_EQ(ended.exit_code, 1);
  EXPECT_THAT(ended.err, HasSubstr("root/a: was not ready within 200 ms"));
  EXPECT_FALSE(alive(std::atoi(host.read("pid").c_str())));
}

TEST(Supervision, StopDoesNotWaitForAStartThatIsNotReady) {
  Host host("[worker.a]\nready = \"notify\"\nstart_timeout = \"1h\"\ncommand = " +
            shell("echo $$ >@DIR@/pid; exec sleep 1000") + "\n");
  host.launch();
  ASSERT_TRUE(eventually([&] { return !host.read("pid").empty(); }));
  host.signal(SIGTERM);
  const Outcome ended = host.wait();
  EXPECT_EQ(ended.exit_code, 0);
  EXPECT_THAT(ended.err, HasSubstr("stopped before it was up"));
}

TEST(Supervision, RestartsAHungWorkerAsAnAbnormalExit) {
  Host host(
      "[supervisor.root]\nchildren = [\"a\"]\nintensity = 100\n"
      "[worker.a]\nrestart = \"transient\"\nready = \"notify\"\nwatchdog = \"300ms\"\ncommand = "
      "[\"/usr/bin/python3\", \"-c\", '''\n"
      "import os, signal, socket, sys, time\n"
      "signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))\n"
      "s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); s.connect(os.environ[\"NOTIFY_SOCKET\"])\n"
      "s.send(b\"READY=1\\nWATCHDOG=1\")\n"
      "time.sleep(1000)\n''']\n");
  host.up();
  ASSERT_TRUE(eventually([&] { return host.node("root/a").at("restarts").to_number<int>() >= 1; }));
  EXPECT_THAT(host.log(), HasSubstr("root/a: gave no sign of life within 300 ms (watchdog), is ended"));
  EXPECT_THAT(std::string(host.node("root/a").at("why").as_string()), HasSubstr("(watchdog)"));
}

TEST(Supervision, CapturesWhatWorkersPrintInWholeLines) {
  Host host("[worker.a]\nrestart = \"temporary\"\ncommand = " +
            shell("for i in 1 2 3; do echo out $i; echo err $i >&2; done") + "\n");
  host.up();
  ASSERT_TRUE(eventually([&] { return host.node("root/a").at("state") == "ended"; }));
  ASSERT_TRUE(eventually([&] { return host.lines("state/log/root.a.log").size() == 6; }));
  // Each stream in its own order; between the two, in the order of reading.
  const std::string time = "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{3}Z ";
  const auto line = [&](const std::string& text) { return ContainsRegex(time + text + "$"); };
  EXPECT_THAT(host.lines("state/log/root.a.log"),
              UnorderedElementsAre(line("stdout F out 1"), line("stdout F out 2"), line("stdout F out 3"),
                                   line("stderr F err 1"), line("stderr F err 2"), line("stderr F err 3")));
}

TEST(Supervision, CapturesBytesAsTheyAreIfSoWished) {
  Host host("[simplevisor.capture]\nformat = \"raw\"\n[worker.a]\nrestart = \"temporary\"\ncommand = " +
            shell("for i in 1 2 3; do echo out $i; echo err $i >&2; done") + "\n");
  host.up();
  ASSERT_TRUE(eventually([&] { return host.lines("state/log/root.a.log").size() == 6; }));
  EXPECT_THAT(host.lines("state/log/root.a.log"),
              ElementsAre("out 1", "err 1", "out 2", "err 2", "out 3", "err 3"));
}

TEST(Supervision, AWorkerSurvivesTheSupervisorsDeathAndDoesNotDieOfItsOutput) {
  Host host("[worker.a]\ncommand = " +
            shell("echo $$ >@DIR@/pid; while [ ! -e @DIR@/print ]; do sleep 0.01; done; echo still here; "
                  "echo yes >@DIR@/printed; exec sleep 1000") +
            "\n");
  host.up();
  ASSERT_TRUE(eventually([&] { return !host.read("pid").empty(); }));
  const pid_t worker = std::atoi(host.read("pid").c_str());
  host.signal(SIGKILL);
  EXPECT_EQ(host.wait().exit_code, 128 + SIGKILL);
  std::ofstream(host.dir() + "/print") << "now";
  EXPECT_TRUE(eventually([&] { return !host.read("printed").empty(); }));
  EXPECT_TRUE(alive(worker));
  ::kill(worker, SIGKILL);  // ours to end: its supervisor was killed by this test
}

TEST(Supervision, EndsWithoutAnErrorWhenASignificantChildHasEnded) {
  Host host(
      "[supervisor.root]\nchildren = [\"keep\", \"job\"]\nauto_shutdown = \"any_significant\"\n"
      "[worker.keep]\ncommand = [\"/bin/sleep\", \"1000\"]\n"
      "[worker.job]\nrestart = \"transient\"\nsignificant = true\ncommand = [\"/bin/true\"]\n");
  host.launch();
  EXPECT_EQ(host.wait().exit_code, 0);
}

TEST(Supervision, CoolsDownInsteadOfGivingUpWhereToldTo) {
  Host host(
      "[supervisor.root]\nchildren = [\"a\"]\nintensity = 1\nperiod = \"60s\"\non_exhausted = "
      "\"cool_down\"\ncool_down = \"1h\"\n"
      "[worker.a]\ncommand = [\"/bin/false\"]\n");
  host.up();
  ASSERT_TRUE(eventually([&] { return host.node("root/a").at("state") == "restarting"; }));
  EXPECT_THAT(std::string(host.node("root/a").at("next").as_string()), HasSubstr("tried again in"));
  EXPECT_EQ(host.cli({"check"}).exit_code, 1);
}

}  // namespace
}  // namespace simplevisor::integration
