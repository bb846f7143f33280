#include "supervisor/process/leftovers.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <csignal>

#include "supervisor/process/launcher.hpp"
#include "supervisor/process/own_process.hpp"
#include "tests/process/support.hpp"

namespace simplevisor::process {
namespace {

using namespace std::string_view_literals;
using testing::Contains;
using testing::Not;

TEST(Environment, IsSearchedByWholeNames) {
  constexpr auto block = "PATHS=no\0PATH=/bin\0EMPTY=\0PATH=second\0X"sv;
  EXPECT_EQ(find_in_environment(block, "PATH"), "/bin");
  EXPECT_EQ(find_in_environment(block, "EMPTY"), "");
  EXPECT_EQ(find_in_environment(block, "X"), std::nullopt);
  EXPECT_EQ(find_in_environment(block, "PAT"), std::nullopt);
  EXPECT_EQ(find_in_environment("", "PATH"), std::nullopt);
}

class LeftoversTest : public testing::Test {
 private:
  pid_t orphan_with(const char* const* envp) {
    Pipe output;
    const char* argv[] = {
        "/usr/bin/setsid", "--fork", "/bin/sh", "-c", "echo $$; exec >/dev/null; kill -STOP $$", nullptr};
    LaunchPlan plan{.executable = argv[0], .argv = argv, .envp = envp};
    plan.stdio[1] = {Stream::Kind::descriptor, output.write_end};
    const auto pid = Launcher{}.launch(plan);
    EXPECT_TRUE(pid);
    EXPECT_EQ(wait_for(pid.value_or(0)), 0);
    return std::atoi(output.read_all().c_str());
  }

 protected:
  LeftoversTest() {
    reset_inherited_signals();
    EXPECT_TRUE(become_subreaper());
  }

  // A worker whose grandchild leaves session and group, tells its pid, and stops for ever; the worker has ended on
  // return. It stops itself, for a program that it became would have no environment for a moment.
  pid_t orphan(const char* life) {
    const std::string variable = std::string{"TEST_LIFE="} + life;
    const char* envp[] = {"PATH=/usr/bin:/bin", life[0] == '\0' ? nullptr : variable.c_str(), nullptr};
    return orphan_with(envp);
  }
  pid_t orphan_without_environment() {
    const char* envp[] = {nullptr};
    return orphan_with(envp);
  }

  static Sweep sweep(const std::string& life_that_is_over, pid_t worker = 0) {
    auto swept = sweep_leftovers(
        "TEST_LIFE", [worker](pid_t pid) { return pid == worker; },
        [&](std::string_view block) { return find_in_environment(block, "TEST_LIFE") == life_that_is_over; });
    EXPECT_TRUE(swept);
    return swept.value_or(Sweep{});
  }
};

TEST_F(LeftoversTest, FindsAndEndsWhatLeftItsGroup) {
  const pid_t pid = orphan("1");
  EXPECT_THAT(children_of_ours().value(), Contains(pid));
  const Sweep swept = sweep("1");
  EXPECT_EQ(swept.killed, 1U);
  EXPECT_EQ(wait_for(pid), 1000 + SIGKILL);
  EXPECT_THAT(children_of_ours().value(), Not(Contains(pid)));
}

TEST_F(LeftoversTest, LeavesAloneWhatBelongsToALifeThatGoesOn) {
  const pid_t pid = orphan("2");
  const Sweep swept = sweep("1");
  EXPECT_EQ(swept.killed, 0U);
  EXPECT_EQ(swept.kept, 1U);
  EXPECT_EQ(::kill(pid, 0), 0);
  ::kill(pid, SIGKILL);
  wait_for(pid);
}

TEST_F(LeftoversTest, LeavesAloneWorkersAndWhatItCannotTell) {
  const pid_t worker = orphan("1");
  const pid_t stranger = orphan("");
  const Sweep swept = sweep("1", worker);
  EXPECT_EQ(swept.killed, 0U);
  EXPECT_EQ(swept.unknown, 1U);
  for (const pid_t pid : {worker, stranger}) {
    ::kill(pid, SIGKILL);
    EXPECT_EQ(wait_for(pid), 1000 + SIGKILL);
  }
}

TEST_F(LeftoversTest, WantsToLookAgainWhereThereIsNoEnvironmentAtAll) {
  const pid_t bare = orphan_without_environment();
  const Sweep swept = sweep("1");
  EXPECT_EQ(swept.unknown, 0U);
  EXPECT_EQ(swept.unsettled, 1U);
  ::kill(bare, SIGKILL);
  EXPECT_EQ(wait_for(bare), 1000 + SIGKILL);
}

TEST_F(LeftoversTest, ReportsThatTheListCannotBeRead) {
  Recorder::reset();
  Recorder::fail(SYS_openat, EMFILE);
  const auto children = children_of_ours(Recorder::table());
  ASSERT_FALSE(children);
  EXPECT_EQ(children.error().cause.value(), EMFILE);
}

}  // namespace
}  // namespace simplevisor::process
