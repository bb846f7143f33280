// Every example tree that needs no broker (messaging_trees_test.cpp has the others) runs as it stands, and the first tree of the README does what it says.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "tests/integration/host.hpp"

namespace simplevisor::integration {
namespace {

namespace fs = std::filesystem;

// Trees write below their own directory, so each runs in a copy of the folder.
class ExampleTree : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "trees-XXXXXX";
    ASSERT_TRUE(::mkdtemp(pattern.data()));
    dir_ = pattern;
    fs::copy(SIMPLEVISOR_SOURCE "/tree-configs", dir_,
             fs::copy_options::recursive | fs::copy_options::overwrite_existing);
    fs::remove_all(dir_ / "demo-state");
  }
  void TearDown() override { fs::remove_all(dir_); }
  Outcome cli(std::vector<std::string> arguments) const {
    std::vector<std::string> command{SIMPLEVISOR_PROGRAM, "--conf", (dir_ / GetParam()).string()};
    command.insert(command.end(), arguments.begin(), arguments.end());
    return run(command);
  }
  fs::path dir_;
};

TEST_P(ExampleTree, LoadsStartsIsWellAndStops) {
  const Outcome checked = cli({"check_configuration"});
  ASSERT_EQ(checked.exit_code, 0) << checked.err;
  const Outcome started = cli({"start", "--daemon"});
  ASSERT_EQ(started.exit_code, 0) << started.err;
  EXPECT_TRUE(eventually([&] { return cli({"check"}).exit_code == 0; })) << cli({"check"}).out;
  const Outcome stopped = cli({"stop"});
  EXPECT_EQ(stopped.exit_code, 0) << stopped.err;
}

std::vector<std::string> trees() {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(SIMPLEVISOR_SOURCE "/tree-configs")) {
    if (entry.path().extension() != ".toml") continue;
    std::ifstream in{entry.path()};
    const std::string text{std::istreambuf_iterator<char>{in}, {}};
    if (text.find("broker-uri") == std::string::npos) names.push_back(entry.path().filename());
  }
  return names;
}

std::string test_name(const testing::TestParamInfo<std::string>& tree) {
  return fs::path(tree.param).stem().string();
}

INSTANTIATE_TEST_SUITE_P(TreeConfigs, ExampleTree, testing::ValuesIn(trees()), test_name);

}  // namespace
}  // namespace simplevisor::integration
