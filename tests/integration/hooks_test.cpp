// Programs that are run when nodes fail and recover, by a worker of the tree itself.
#include <gmock/gmock.h>
#include <sys/stat.h>

#include <boost/json.hpp>
#include <csignal>
#include <fstream>

#include "tests/integration/host.hpp"

namespace simplevisor::integration {
namespace {

namespace json = boost::json;
using testing::ElementsAre;

// Hooks on all, or on what the pattern means.
std::string tree_with_hooks(std::string_view pattern = "") {
  std::string text = R"(
[supervisor.root]
intensity = 0
children = ["hooks", "group", "once", "last"]
[worker.hooks]
command = ["{bin_dir}/simplevisor", "--socket", "{state_dir}/control.sock", "hooks"@PATTERN@, "--settle", "100ms",
           "--on-failure", "@DIR@/on-failure", "--on-recovery", "@DIR@/on-recovery"]
[supervisor.group]
intensity = 0
on_exhausted = "cool_down"
cool_down = "200ms"
children = ["cooled"]
[worker.cooled]
command = ["/bin/sleep", "1000"]
[worker.once]
restart = "temporary"
command = ["/bin/sleep", "1000"]
[worker.last]
command = ["/bin/sleep", "1000"]
)";
  const std::string_view place = "@PATTERN@";
  text.replace(text.find(place), place.size(), pattern.empty() ? "" : ", \"" + std::string(pattern) + "\"");
  return text;
}

class HooksTest : public testing::Test {
 protected:
  explicit HooksTest(std::string_view pattern = "") : host(tree_with_hooks(pattern)) {}
  // Whatever is told becomes a line of its own in a file.
  void up() {
    for (const char* name : {"failure", "recovery"}) {
      const std::string path = host.dir() + "/on-" + name;
      std::ofstream(path) << "#!/bin/sh\ncat >>" << host.dir() << "/"
                          << (name == std::string("failure") ? "failures" : "recoveries") << "\n";
      ::chmod(path.c_str(), 0755);
    }
    host.up();
  }
  std::vector<std::string> told(const std::string& file) const {
    std::vector<std::string> paths;
    for (const std::string& line : host.lines(file))
      paths.emplace_back(json::parse(line).at("path").as_string());
    return paths;
  }

  Host host;
};

class HooksOfSome : public HooksTest {
 protected:
  HooksOfSome() : HooksTest("root/*") {}
};

TEST_F(HooksTest, AreToldWhatFailedAndWhatRecoveredWithADossier) {
  up();
  ::kill(host.pid_of("root/group/cooled"), SIGKILL);
  ASSERT_TRUE(eventually([&] { return told("recoveries").size() == 1; })) << host.read("failures");
  EXPECT_THAT(told("recoveries"), ElementsAre("root/group/cooled"));
  EXPECT_THAT(told("failures"), ElementsAre("root/group/cooled"));
  const json::value dossier = json::parse(host.lines("failures").front());
  EXPECT_EQ(dossier.at("what").as_string(), "failure");
  EXPECT_EQ(dossier.at("event").at("kind").as_string(), "cooling_down");
  EXPECT_EQ(dossier.at("supervisor").at("name").as_string(), "test");
  EXPECT_EQ(dossier.at("why").at("node").at("path").as_string(), "root/group/cooled");
  ::kill(host.pid_of("root/once"), SIGKILL);
  ASSERT_TRUE(eventually([&] { return told("failures").size() == 2; }));
  EXPECT_THAT(told("failures"), ElementsAre("root/group/cooled", "root/once"));
  ASSERT_EQ(host.cli({"stop", "last"}).exit_code, 0);
  ASSERT_EQ(host.cli({"stop"}).exit_code, 0);
  EXPECT_EQ(told("failures").size(), 2U) << "what was asked for is no failure";
}

TEST_F(HooksTest, TellOfTheEndOfTheWholeTree) {
  up();
  ::kill(host.pid_of("root/last"), SIGKILL);
  EXPECT_EQ(host.wait().exit_code, 1);
  EXPECT_THAT(told("failures"), ElementsAre("root"));
}

TEST_F(HooksOfSome, AreForAllThatThePatternMeans) {
  up();
  ::kill(host.pid_of("root/group/cooled"), SIGKILL);
  ASSERT_TRUE(eventually([&] { return told("recoveries").size() == 1; })) << host.read("failures");
  ::kill(host.pid_of("root/once"), SIGKILL);
  ASSERT_TRUE(eventually([&] { return told("failures").size() == 2; }));
  EXPECT_THAT(told("failures"), ElementsAre("root/group/cooled", "root/once"));
}

}  // namespace
}  // namespace simplevisor::integration
