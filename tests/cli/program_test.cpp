// The built program, where no supervisor is needed.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <filesystem>
#include <fstream>

#include "tests/cli/run_program.hpp"
#include "tests/control/fake_service.hpp"

namespace simplevisor::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr std::string_view good_tree = R"([simplevisor]
name = "small"
state_dir = "state"

[supervisor.root]
children = ["sleeper"]

[worker.sleeper]
command = ["/bin/sleep", "1000"]
)";

class Program : public ::testing::Test {
 protected:
  Finished simplevisor(std::vector<std::string> words,
                       const std::vector<std::pair<std::string, std::string>>& environment = {}) {
    words.insert(words.begin(), SIMPLEVISOR_PROGRAM);
    return run_program(words, dir.path(), environment);
  }
  void write(const std::string& name, std::string_view text) { std::ofstream(dir / name) << text; }

  PrivateDir dir;
};

TEST_F(Program, TellsItsVersion) {
  for (const char* word : {"version", "--version"}) {
    const Finished finished = simplevisor({word});
    EXPECT_EQ(finished.exit, 0);
    EXPECT_EQ(finished.out, "simplevisor " SIMPLEVISOR_VERSION "\n");
  }
}

TEST_F(Program, ComplainsAboutItsCommandLineInOneLine) {
  const Finished finished = simplevisor({"strat"});
  EXPECT_EQ(finished.exit, 2);
  EXPECT_EQ(finished.err, "simplevisor: unknown command 'strat' (did you mean 'start'?)\n");
  EXPECT_THAT(finished.out, IsEmpty());
}

TEST_F(Program, SaysThatItsResultCouldNotBeWritten) {
  write("simplevisor.toml", good_tree);
  for (const std::string words : {"check_configuration", "--help", "status --help", "--version"}) {
    const Finished finished =
        run_program({"/bin/sh", "-c", "exec " SIMPLEVISOR_PROGRAM " " + words + " >/dev/full"}, dir.path());
    EXPECT_EQ(finished.exit, 1) << words;
    EXPECT_EQ(finished.err, "simplevisor: standard output cannot be written\n");
  }
}

TEST_F(Program, AcceptsAGoodConfiguration) {
  write("simplevisor.toml", good_tree);
  const Finished finished = simplevisor({"check_configuration"});
  EXPECT_EQ(finished.exit, 0) << finished.err;
  EXPECT_EQ(finished.out, (dir / "simplevisor.toml") + ": the configuration is valid\n");
  const Finished verbose = simplevisor({"check-configuration", "--verbose"});
  EXPECT_EQ(verbose.exit, 0);
  EXPECT_THAT(verbose.out, HasSubstr("sleeper"));
  EXPECT_FALSE(std::filesystem::exists(dir / "state"));  // looking changes nothing
}

TEST_F(Program, ListsEveryProblemOfABadConfiguration) {
  write("bad.toml", "[supervisor.root]\nchildren = [\"a\", \"b\"]\nintensty = 3\n[worker.a]\ncommand = 7\n");
  const Finished finished = simplevisor({"check_configuration", "--conf", "bad.toml"});
  EXPECT_EQ(finished.exit, 8);
  EXPECT_THAT(finished.err, HasSubstr("bad.toml:3:1: "));
  EXPECT_THAT(finished.err, HasSubstr("intensity"));
  EXPECT_THAT(finished.err, HasSubstr("bad.toml:5:"));
  EXPECT_THAT(finished.err, HasSubstr("problems in the configuration\n"));
  const Finished json = simplevisor({"check_configuration", "--conf", "bad.toml", "--json"});
  EXPECT_EQ(json.exit, 8);
  const auto error = boost::json::parse(json.out);
  EXPECT_EQ(error.at("code").as_string(), "bad_configuration");
  EXPECT_GE(error.at("complaints").as_array().size(), 3u);
}

TEST_F(Program, WarnsOfWhatTheControlApiWouldMiss) {
  write("simplevisor.toml", std::string{good_tree} + R"(
[simplevisor.control]
read = ["nobody-has-this-name"]
listen = "127.0.0.1:1"
token_file = "token"
certificate = "certificate.pem"
key = "key.pem"
)");
  const Finished without = simplevisor({"check_configuration"});
  EXPECT_EQ(without.exit, 0) << without.err;
  EXPECT_THAT(without.err, HasSubstr("warning: "));
  EXPECT_THAT(without.err, HasSubstr("simplevisor.control: there is no user nobody-has-this-name"));
  EXPECT_THAT(without.err, HasSubstr("cannot read the token in " + (dir / "token")));
  EXPECT_THAT(without.err, HasSubstr("certificate.pem"));
  write("token", "0123456789abcdef\n");
  std::filesystem::permissions(dir / "token", std::filesystem::perms::owner_read);
  EXPECT_THAT(simplevisor({"check_configuration"}).err, Not(HasSubstr("token")));
}

TEST_F(Program, FindsItsConfigurationInTheEnvironment) {
  write("elsewhere.toml", good_tree);
  EXPECT_EQ(simplevisor({"check_configuration"}, {{"SIMPLEVISOR_CONF", dir / "elsewhere.toml"}}).exit, 0);
  const Finished none = simplevisor({"check_configuration"}, {{"HOME", dir.path()}});
  if (!std::filesystem::exists("/etc/simplevisor/simplevisor.toml")) {
    EXPECT_EQ(none.exit, 8);
    EXPECT_THAT(none.err, HasSubstr("no configuration"));
  }
  EXPECT_EQ(simplevisor({"check_configuration", "--conf", "missing.toml"}).exit, 8);
}

TEST_F(Program, StartsNothingFromABadConfiguration) {
  write("simplevisor.toml", "[supervisor.root]\nchildren = [\"missing\"]\n");
  for (const std::vector<std::string>& words : {std::vector<std::string>{"start"}, {"start", "--daemon"}}) {
    const Finished finished = simplevisor(words);
    EXPECT_EQ(finished.exit, 8);
    EXPECT_THAT(finished.err, HasSubstr("simplevisor.toml:2:"));
  }
}

TEST_F(Program, SaysThatNoSupervisorIsRunning) {
  write("simplevisor.toml", good_tree);
  EXPECT_EQ(simplevisor({"stop"}).exit, 7);
  EXPECT_EQ(simplevisor({"status"}).exit, 3);
  EXPECT_EQ(simplevisor({"check"}).exit, 3);
}

}  // namespace
}  // namespace simplevisor::testing
