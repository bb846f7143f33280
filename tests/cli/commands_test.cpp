// Every command against a supervisor that only talks, from the words on the command line to text and exit code.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <fstream>
#include <sstream>

#include "tests/cli/support.hpp"

namespace simplevisor::cli {
namespace {

using runtime::Outcome;
using runtime::Verdict;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

TEST_F(Commands, SayWhatTheyWaitForAndWhatCameOfIt) {
  serve();
  struct Case {
    const char* verb;
    const char* done;
  };
  for (const Case& c : {Case{"start", "started"}, Case{"stop", "stopped"}, Case{"restart", "restarted"}}) {
    const Result result = simplevisor({c.verb, "root/a"});
    EXPECT_EQ(result.exit, 0);
    EXPECT_EQ(result.err, "waiting for root/a to " + std::string(c.verb) + " ...\n");
    EXPECT_EQ(result.out, "root/a: " + std::string(c.done) + "\n");
    EXPECT_THAT(service.calls(), Contains(std::string(c.verb) + " root/a"));
  }
}

TEST_F(Commands, PrintTheSupervisorsOwnWordsWhenItHasSome) {
  service.answer.message = "root/a was running already";
  serve();
  EXPECT_EQ(simplevisor({"start", "root/a"}).out, "root/a was running already\n");
}

TEST_F(Commands, MapEveryOutcomeToItsExitCode) {
  struct Case {
    Outcome outcome;
    int exit;
  };
  for (const Case& c : {Case{Outcome::failed, 1}, Case{Outcome::refused, 1}, Case{Outcome::no_such_node, 4},
                        Case{Outcome::ambiguous, 4}}) {
    testing::FakeService own;
    own.answer = {c.outcome, "the reason", {}};
    const auto own_server = control::Server::open(own, {.socket_path = dir / "own.sock"});
    ASSERT_TRUE(own_server);
    const Result result = simplevisor({"--socket", dir / "own.sock", "restart", "root/a"});
    EXPECT_EQ(result.exit, c.exit);
    EXPECT_THAT(result.err, HasSubstr("simplevisor: the reason\n"));
    EXPECT_THAT(result.out, IsEmpty());
  }
}

TEST_F(Commands, DoNotBeginWithoutANodeToActOn) {
  serve();
  const Result result = simplevisor({"stop", "nowhere"});
  EXPECT_EQ(result.exit, 4);
  EXPECT_EQ(result.err, "simplevisor: no node nowhere\n");
  EXPECT_THAT(service.calls(), IsEmpty());
}

TEST_F(Commands, DoNotWaitWhenToldSo) {
  service.hold = true;
  serve();
  const Result result = simplevisor({"stop", "root/a", "--no-wait"});
  EXPECT_EQ(result.exit, 0);
  EXPECT_EQ(result.out, "asked to stop\n");
  EXPECT_THAT(result.err, IsEmpty());
}

TEST_F(Commands, GiveUpWaitingInTime) {
  service.hold = true;
  serve();
  const Result result = in_time({"stop", "root/a"});
  EXPECT_EQ(result.exit, 6);
  EXPECT_THAT(result.err, HasSubstr("root/a did not stop in time; the supervisor goes on with it"));
}

TEST_F(Commands, AMalformedPathIsAMistakeOfTheCaller) {
  serve();
  const Result result = simplevisor({"stop", "/root"});
  EXPECT_EQ(result.exit, 2);
  EXPECT_THAT(result.err, HasSubstr("empty part"));
}

TEST_F(Commands, SpeakJsonAlsoOfErrors) {
  serve();
  struct Case {
    std::vector<std::string> words;
    int exit;
    const char* code;  // of the error; null for a result
  };
  const Case cases[] = {{{"status", "--json"}, 0, nullptr},
                        {{"check", "--json"}, 0, nullptr},
                        {{"tree", "--json"}, 0, nullptr},
                        {{"version", "--json"}, 0, nullptr},
                        {{"stop", "root/a", "--json"}, 0, nullptr},
                        {{"stop", "root/a", "--json", "--no-wait"}, 0, nullptr},
                        {{"stop", "nowhere", "--json"}, 4, "no_such_node"},
                        {{"status", "nowhere", "--json"}, 4, "no_such_node"},
                        {{"strat", "--json"}, 2, "usage"},
                        {{"--socket", "/nowhere/s", "tree", "--json"}, 7, "not_running"}};
  for (const Case& c : cases) {
    const Result result = simplevisor(c.words);
    EXPECT_EQ(result.exit, c.exit) << result.out;
    const auto value = boost::json::parse(result.out);
    ASSERT_EQ(value.as_object().contains("code"), c.code != nullptr) << result.out;
    if (c.code == nullptr) continue;
    EXPECT_EQ(value.at("code").as_string(), c.code);
  }
}

TEST_F(Commands, StatusShowsTheTree) {
  serve();
  const Result all = simplevisor({"status"});
  EXPECT_EQ(all.exit, 0);
  EXPECT_THAT(all.out, StartsWith("NODE "));
  EXPECT_THAT(all.out, HasSubstr("\n  a "));
  EXPECT_THAT(simplevisor({"status", "root/a"}).out, HasSubstr("\nroot/a "));
  EXPECT_EQ(simplevisor({"status", "-o", "path,state", "--sort", "path", "--reverse", "--no-header"}).out,
            "root/b                    running\n"
            "root/a                    running\n"
            "root                      running\n");
}

TEST_F(Commands, TreeDrawsTheTree) {
  serve();
  EXPECT_EQ(simplevisor({"tree"}).out,
            "root (supervisor, 1 of 1 ready) running\n├─ a running\n└─ b running\n");
  EXPECT_EQ(simplevisor({"tree", "--collapse-ok"}).out, "root: 1 of 1 ready\n");
}

TEST_F(Commands, CheckTellsTheWorstByItsExitCode) {
  struct Case {
    Verdict verdict;
    int exit;
  };
  for (const Case& c : {Case{Verdict::good, 0}, Case{Verdict::healing, 1}, Case{Verdict::failed, 2}}) {
    testing::FakeService own;
    own.rows[1].verdict = c.verdict;
    const auto own_server = control::Server::open(own, {.socket_path = dir / "own.sock"});
    ASSERT_TRUE(own_server);
    const Result result = simplevisor({"--socket", dir / "own.sock", "check"});
    EXPECT_EQ(result.exit, c.exit);
    EXPECT_THAT(result.out, StartsWith("root: OK, running, as expected\nroot/a: "));
  }
}

TEST_F(Commands, SayWhenNoSupervisorRuns) {
  const std::pair<std::vector<std::string>, int> cases[] = {
      {{"status"}, 3},       {{"status", "root"}, 7}, {{"check"}, 3},          {{"check", "root"}, 3},
      {{"tree"}, 7},         {{"stop"}, 7},           {{"stop", "root/a"}, 7}, {{"restart", "root"}, 7},
      {{"start", "root"}, 7}};
  for (const auto& [words, exit] : cases) {
    const Result result = simplevisor(words);
    EXPECT_EQ(result.exit, exit) << words.front();
    EXPECT_THAT(result.err, HasSubstr("no supervisor is running: there is no " + (dir / "control.sock")));
  }
}

TEST_F(Commands, StatusKnowsASupervisorThatWasKilled) {
  {
    const auto abandoned = control::listen_on(dir / "control.sock", 1);
  }
  const Result result = simplevisor({"status"});
  EXPECT_EQ(result.exit, 1);
  EXPECT_THAT(result.err, HasSubstr("nobody listens"));
}

TEST_F(Commands, StartWithoutAPathRunsTheSupervisor) {
  const Result result = simplevisor({"start"});
  EXPECT_EQ(result.exit, 42);
  EXPECT_EQ(result.out, "running\n");
}

TEST_F(Commands, StopWithoutAPathStopsTheSupervisorAndWaitsForItsProcess) {
  serve();
  // The fake's process is this one, which does not end: what is waited for beyond the answer is the process.
  const Result result = in_time({"stop"});
  EXPECT_THAT(service.calls(), Contains("shutdown"));
  EXPECT_EQ(result.exit, 6);
  EXPECT_THAT(result.err, HasSubstr("waiting for fake (pid 1) to stop ...\n"));
  const Result asked = simplevisor({"stop", "--no-wait"});
  EXPECT_EQ(asked.exit, 0);
  EXPECT_EQ(asked.out, "fake (pid 1): asked to stop\n");
}

TEST_F(Commands, TextOfWorkersCannotReachTheTerminal) {
  service.rows[1].status = "\x1b[2J";
  serve();
  EXPECT_THAT(simplevisor({"status"}).out, Not(HasSubstr("\x1b")));
}

}  // namespace
}  // namespace simplevisor::cli
