// what_if: the tree of the configuration, played through on paper, without a supervisor.
#include <gmock/gmock.h>

#include <boost/json.hpp>

#include "tests/cli/support.hpp"

namespace simplevisor::cli {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class WhatIf : public Commands {
 protected:
  WhatIf() {
    std::ofstream(dir / "simplevisor.toml") << R"(
[simplevisor]
state_dir = "."
[supervisor.root]
intensity = 1
children = ["broker", "jobs", "a"]
[supervisor.broker]
strategy = "one_for_all"
intensity = 1
children = ["send", "receive"]
[worker.a]
command = ["/bin/true"]
[worker.send]
command = ["/bin/true"]
[worker.receive]
command = ["/bin/true"]
[pool.jobs]
size = 2
command = ["/bin/true"]
)";
  }
};

TEST_F(WhatIf, TellsWhoGoesDownAndWhen) {
  const Result result = simplevisor({"what-if", "send", "dies", "2"});
  EXPECT_EQ(result.exit, 0) << result.err;
  EXPECT_THAT(
      result.out,
      AllOf(HasSubstr("     0ms  root/broker/send dies\n"), HasSubstr("root/broker/receive is stopped"),
            HasSubstr("    1.0s  root/broker gives up, its restarts are used up by root/broker/send\n"),
            HasSubstr("root restarts root/broker\n"), HasSubstr("root/broker/send runs"),
            Not(HasSubstr("root/a"))));
}

TEST_F(WhatIf, ReadsAsASentence) {
  EXPECT_EQ(simplevisor({"what-if", "send", "dies", "2", "times"}).out,
            simplevisor({"what-if", "send", "dies", "2"}).out);
  EXPECT_EQ(simplevisor({"what-if", "send", "dies", "2", "apples"}).exit, 2);
}

TEST_F(WhatIf, TellsProgramsToo) {
  const Result result = simplevisor({"--json", "what_if", "jobs/2", "fails-to-start", "9"});
  EXPECT_EQ(result.exit, 0) << result.err;
  const boost::json::value played = boost::json::parse(result.out);
  EXPECT_EQ(played.at("path"), "root/jobs/2");
  EXPECT_EQ(played.at("tree_ended"), true);
  EXPECT_EQ(played.at("steps").at(1).at("decision"), "restarting");
}

TEST_F(WhatIf, RefusesWhatItCannotPlay) {
  EXPECT_EQ(simplevisor({"what-if", "send"}).exit, 2);
  EXPECT_EQ(simplevisor({"what-if", "send", "sleeps"}).exit, 2);
  EXPECT_EQ(simplevisor({"what-if", "send", "dies", "0"}).exit, 2);
  EXPECT_EQ(simplevisor({"what-if", "nobody", "dies"}).exit, 4);
  EXPECT_EQ(simplevisor({"what-if", "broker", "dies"}).exit, 4);
  EXPECT_EQ(simplevisor({"what-if", "jobs/3", "dies"}).exit, 4);
  std::ofstream(dir / "simplevisor.toml") << "nonsense";
  EXPECT_EQ(simplevisor({"what-if", "send", "dies"}).exit, 8);
}

}  // namespace
}  // namespace simplevisor::cli
