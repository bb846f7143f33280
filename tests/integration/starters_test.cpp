// What `simplevisor init` writes runs at once, with nothing beside it.
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "tests/integration/host.hpp"

namespace simplevisor::integration {
namespace {

namespace fs = std::filesystem;

class StarterTree : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "starters-XXXXXX";
    ASSERT_TRUE(::mkdtemp(pattern.data()));
    dir_ = pattern;
  }
  void TearDown() override {
    cli({"stop"});
    fs::remove_all(dir_);
  }
  Outcome cli(std::vector<std::string> arguments) const {
    std::vector<std::string> command{SIMPLEVISOR_PROGRAM, "--conf", (dir_ / "simplevisor.toml").string()};
    command.insert(command.end(), arguments.begin(), arguments.end());
    return run(command);
  }
  fs::path dir_;
};

TEST_P(StarterTree, RunsAtOnce) {
  const Outcome written =
      run({SIMPLEVISOR_PROGRAM, "init", "--kind", GetParam(), (dir_ / "simplevisor.toml").string()});
  ASSERT_EQ(written.exit_code, 0) << written.err;
  const Outcome checked = cli({"check_configuration"});
  ASSERT_EQ(checked.exit_code, 0) << checked.err;
  EXPECT_EQ(checked.err, "");  // no warnings either
  const Outcome started = cli({"start", "--daemon"});
  ASSERT_EQ(started.exit_code, 0) << started.err;
  // The broker of `sarra` is the administrator's to add; until then its subscriber tries again, and that is all.
  const int expected = GetParam() == "sarra" ? 1 : 0;
  EXPECT_TRUE(eventually([&] { return cli({"check"}).exit_code == expected; })) << cli({"check"}).out;
  EXPECT_EQ(cli({"stop"}).exit_code, 0);
}

INSTANTIATE_TEST_SUITE_P(Init, StarterTree, testing::Values("plain", "consumer", "transfer", "sarra"),
                         [](const auto& kind) { return kind.param; });

}  // namespace
}  // namespace simplevisor::integration
