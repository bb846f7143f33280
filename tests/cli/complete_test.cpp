// What shells are told when TAB is pressed.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "supervisor/cli/commands.hpp"
#include "supervisor/control/server.hpp"
#include "tests/control/fake_service.hpp"

namespace simplevisor::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class Complete : public ::testing::Test {
 protected:
  Complete() { std::ofstream(dir / "simplevisor.toml") << "[simplevisor]\nstate_dir = \".\"\n"; }
  void serve() {
    auto opened = control::Server::open(service, {.socket_path = dir / "control.sock"});
    ASSERT_TRUE(opened) << opened.error().message;
    server = *std::move(opened);
  }
  // Standard output; it never fails, and never complains.
  std::string candidates(std::vector<std::string> words) {
    words.insert(words.begin(), {"--conf", dir / "simplevisor.toml", "__complete"});
    std::ostringstream out;
    std::ostringstream err;
    Terminal terminal{out, err};
    const RunSupervisor none = [](const CommandLine&, const Environment&, Terminal&) { return 42; };
    EXPECT_EQ(run(std::move(words), [](const char*) { return std::nullopt; }, terminal, none), 0);
    EXPECT_THAT(err.str(), IsEmpty());
    return out.str();
  }

  testing::PrivateDir dir;
  testing::FakeService service;
  std::unique_ptr<control::Server> server;
};

TEST_F(Complete, NothingIsOfferedWithoutASupervisor) {
  EXPECT_EQ(candidates({"nodes"}), "");
  std::ofstream(dir / "simplevisor.toml") << "[simplevisor\n";
  EXPECT_EQ(candidates({"nodes", "--", "ro"}), "");
}

TEST_F(Complete, PathsAreOfferedAndToWhoTypesOneALastPartThatOnlyOneNodeHas) {
  using runtime::NodeType;
  service.rows = {
      testing::node("root", NodeType::supervisor), testing::node("root/alpha", NodeType::supervisor),
      testing::node("root/alpha/send", NodeType::worker), testing::node("root/send", NodeType::worker)};
  serve();
  EXPECT_EQ(candidates({"nodes"}), "root\nroot/alpha\nroot/alpha/send\nroot/send\n");
  EXPECT_EQ(candidates({"nodes", "--", "root/a"}), "root/alpha\nroot/alpha/send\n");
  EXPECT_EQ(candidates({"nodes", "--", "al"}), "alpha\n");
  EXPECT_EQ(candidates({"nodes", "--", "se"}), "");  // two nodes are called so
  EXPECT_EQ(candidates({"nodes", "--", "r"}), "root\nroot/alpha\nroot/alpha/send\nroot/send\n");
}

TEST_F(Complete, NothingIsOfferedThatAShellWouldExecuteOrExpand) {
  service.rows = {testing::node("root", runtime::NodeType::supervisor),
                  testing::node("root/$(touch x)", runtime::NodeType::worker),
                  testing::node("root/a b", runtime::NodeType::worker),
                  testing::node("root/;`x`", runtime::NodeType::worker)};
  serve();
  EXPECT_EQ(candidates({"nodes"}), "root\n");
}

TEST_F(Complete, KeysNeedNoSupervisor) {
  EXPECT_EQ(candidates({"keys", "--", "worker.wa"}), "worker.watchdog\n");
  EXPECT_THAT(candidates({"keys"}), HasSubstr("\nsimplevisor.log.level\n"));
  EXPECT_THAT(candidates({"keys"}), Not(HasSubstr(" ")));
}

}  // namespace
}  // namespace simplevisor::cli
