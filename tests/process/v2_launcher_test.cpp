#include "supervisor/process/v2_launcher.hpp"

#include <gmock/gmock.h>

#include <boost/asio/io_context.hpp>
#include <boost/process/v2/environment.hpp>
#include <boost/process/v2/start_dir.hpp>

#include "tests/process/support.hpp"

namespace simplevisor::process {
namespace {

using testing::ElementsAre;
using Arguments = std::vector<std::string>;

// Notes what it is told, as an initialiser of Boost.Process.
struct Witness {
  std::vector<std::string>& seen;
  int setup_error = 0;
  int exec_setup_error = 0;

  v2::error_code on_setup(v2::posix::default_launcher&, const v2::filesystem::path&, const char* const*&) {
    seen.emplace_back("setup");
    return {setup_error, boost::system::system_category()};
  }
  // In the child: nothing that allocates.
  v2::error_code on_exec_setup(v2::posix::default_launcher&, const v2::filesystem::path&,
                               const char* const*&) {
    return {exec_setup_error, boost::system::system_category()};
  }
  void on_success(v2::posix::default_launcher&, const v2::filesystem::path&, const char* const*&) {
    seen.emplace_back("success");
  }
  void on_error(v2::posix::default_launcher&, const v2::filesystem::path&, const char* const*&,
                const v2::error_code& error) {
    seen.push_back("error " + std::to_string(error.value()));
  }
};

class V2LauncherTest : public testing::Test {
 protected:
  boost::asio::io_context io_;
  ClonedLauncher launcher_;
  v2::error_code error_;
  std::vector<std::string> seen_;
};

TEST_F(V2LauncherTest, StartsAProcessWithTheLibrarysInitialisers) {
  const Directory directory;
  const std::string where = std::filesystem::canonical(directory.path());
  auto process = launcher_(io_, error_, "/bin/sh", Arguments{"-c", "echo $COLOUR $(pwd) >out; exit 3"},
                           v2::process_start_dir(where),
                           v2::process_environment(std::vector<std::string>{"COLOUR=red"}), Witness{seen_});
  ASSERT_FALSE(error_) << error_.message();
  EXPECT_EQ(process.wait(), 3);
  EXPECT_EQ(slurp(where + "/out"), "red " + where + "\n");
  EXPECT_THAT(seen_, ElementsAre("setup", "success"));
}

TEST_F(V2LauncherTest, TellsOfAFailedExecAndLeavesNoZombie) {
  auto process = launcher_(io_.get_executor(), error_, "/nowhere", Arguments{}, Witness{seen_});
  EXPECT_EQ(error_.value(), ENOENT);
  EXPECT_EQ(launcher_.failure().stage, Stage::exec);
  EXPECT_THAT(seen_, ElementsAre("setup", "error 2"));
  EXPECT_TRUE(no_children_left());
}

TEST_F(V2LauncherTest, PassesOnTheErrorOfAnInitialiserInTheChild) {
  launcher_(io_, error_, "/bin/true", Arguments{}, Witness{seen_, 0, EPERM});
  EXPECT_EQ(error_.value(), EPERM);
  EXPECT_TRUE(no_children_left());
}

TEST_F(V2LauncherTest, StartsNothingWhenAnInitialiserRefuses) {
  launcher_(io_, error_, "/bin/true", Arguments{}, Witness{seen_, EACCES, 0});
  EXPECT_EQ(error_.value(), EACCES);
  EXPECT_THAT(seen_, ElementsAre("setup", "error 13"));
  EXPECT_TRUE(no_children_left());
}

TEST_F(V2LauncherTest, KeepsTheDescriptorsOfTheWhitelistAndNoOthers) {
  const int leaking = ::open("/dev/null", O_RDONLY);
  Pipe kept;
  launcher_.fd_whitelist.push_back(kept.write_end);
  const std::string script = "[ -e /proc/self/fd/" + std::to_string(kept.write_end) +
                             " ] && ! [ -e /proc/self/fd/" + std::to_string(leaking) + " ]";
  auto process = launcher_(io_, error_, "/bin/sh", Arguments{"-c", script});
  ASSERT_FALSE(error_);
  EXPECT_EQ(process.wait(), 0);
  ::close(leaking);
}

}  // namespace
}  // namespace simplevisor::process
