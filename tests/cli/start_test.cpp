// The built program with the real runtime: from `start` to `stop`, as an administrator does it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "tests/cli/run_program.hpp"
#include "tests/control/fake_service.hpp"

namespace simplevisor::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

class Start : public ::testing::Test {
 protected:
  ~Start() override {
    if (running) simplevisor({"stop", "--timeout", "30s"});
  }
  Finished simplevisor(std::vector<std::string> words) {
    words.insert(words.begin(), {SIMPLEVISOR_PROGRAM, "--timeout", "60s"});
    return run_program(words, dir.path());
  }
  void configure(std::string_view command) {
    std::ofstream(dir / "simplevisor.toml") << "[simplevisor]\nname = \"small\"\nstate_dir = \"state\"\n"
                                            << "[supervisor.root]\nchildren = [\"one\", \"two\"]\n"
                                            << "[worker.one]\ncommand = [\"/bin/sleep\", \"1000\"]\n"
                                            << "[worker.two]\ncommand = " << command << "\n";
  }
  void start() {
    const Finished started = simplevisor({"start", "--daemon"});
    ASSERT_EQ(started.exit, 0) << started.err;
    running = true;
    ASSERT_THAT(started.out, StartsWith("small is up, pid "));
    pid = std::stoi(started.out.substr(started.out.rfind(' ')));
  }

  PrivateDir dir;
  bool running = false;
  pid_t pid = 0;
};

TEST_F(Start, ReturnsWhenTheTreeIsUpAndStopReturnsWhenItIsDown) {
  configure(R"(["/bin/sleep", "1000"])");
  start();
  const Finished status = simplevisor({"status"});
  EXPECT_EQ(status.exit, 0);
  EXPECT_THAT(status.out, HasSubstr("\n  one "));
  EXPECT_EQ(simplevisor({"check"}).exit, 0);
  const Finished stopped = simplevisor({"stop"});
  EXPECT_EQ(stopped.exit, 0) << stopped.err;
  EXPECT_EQ(stopped.out, "small (pid " + std::to_string(pid) + "): stopped\n");
  EXPECT_EQ(simplevisor({"status"}).exit, 3);
  start();  // at once, on the same state directory
}

TEST_F(Start, ASecondSupervisorIsRefusedWithThePidOfTheFirst) {
  configure(R"(["/bin/sleep", "1000"])");
  start();
  for (const auto& words : {std::vector<std::string>{"start"}, {"start", "--daemon"}}) {
    const Finished second = simplevisor(words);
    EXPECT_EQ(second.exit, 1);
    EXPECT_THAT(second.err, HasSubstr(std::to_string(pid)));
  }
  EXPECT_EQ(simplevisor({"check"}).exit, 0);
}

TEST_F(Start, SaysWhyTheTreeIsNotUp) {
  configure(R"(["/nowhere/program"])");
  const Finished started = simplevisor({"start", "--daemon"});
  EXPECT_EQ(started.exit, 1);
  EXPECT_THAT(started.err, HasSubstr("two"));
  EXPECT_EQ(simplevisor({"status"}).exit, 3);
}

// Why a tree gave up in the background went to /dev/null.
TEST_F(Start, LogsToAFileInTheBackgroundWhenNothingElseIsAskedFor) {
  configure(R"(["/bin/sleep", "1000"])");
  start();
  ASSERT_EQ(simplevisor({"stop"}).exit, 0);
  running = false;
  std::ifstream log(dir / "state/simplevisor.log");
  const std::string text{std::istreambuf_iterator<char>(log), {}};
  EXPECT_THAT(text, HasSubstr("root/two: started as pid"));
  EXPECT_THAT(text, HasSubstr("ended"));
}

TEST_F(Start, NodesAreStoppedStartedAndRestarted) {
  configure(R"(["/bin/sleep", "1000"])");
  start();
  const auto pid_of = [&](const std::string& node) {
    const std::string text = simplevisor({"status", node, "--json"}).out;
    return text.substr(text.find("\"pid\":"), 14);
  };
  const std::string before = pid_of("root/one");
  const Finished restarted = simplevisor({"restart", "one"});
  EXPECT_EQ(restarted.exit, 0) << restarted.err;
  EXPECT_THAT(restarted.err, HasSubstr("waiting for root/one to restart ..."));
  EXPECT_NE(pid_of("root/one"), before);
  EXPECT_EQ(simplevisor({"stop", "root/one"}).exit, 0);
  EXPECT_THAT(pid_of("root/one"), HasSubstr("null"));
  EXPECT_EQ(simplevisor({"start", "root/one"}).exit, 0);
  EXPECT_EQ(simplevisor({"check"}).exit, 0);
  EXPECT_EQ(simplevisor({"stop", "root/nobody"}).exit, 4);
}

TEST_F(Start, ASupervisorThatWasKilledIsNoticedAndReplaced) {
  configure(R"(["/bin/sleep", "1000"])");
  start();
  const Finished tree = simplevisor({"status", "--json"});
  ASSERT_EQ(::kill(pid, SIGKILL), 0);
  // Its socket refuses once the kernel has taken it down.
  while (simplevisor({"status"}).exit == 0) {
  }
  EXPECT_EQ(simplevisor({"status"}).exit, 1);
  EXPECT_EQ(simplevisor({"tree"}).exit, 7);
  running = false;
  // The workers outlived it, as they should; nobody but this test ends them now.
  for (std::size_t at = tree.out.find("\"pid\":"); at != std::string::npos;
       at = tree.out.find("\"pid\":", at + 1)) {
    const int worker = std::atoi(tree.out.c_str() + at + 6);
    if (worker > 1 && worker != pid) ::kill(worker, SIGKILL);
  }
}

}  // namespace
}  // namespace simplevisor::testing
