#include "supervisor/process/cgroup.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <csignal>

#include "supervisor/process/launcher.hpp"
#include "supervisor/process/own_process.hpp"
#include "tests/process/support.hpp"

namespace simplevisor::process {
namespace {

class CgroupTest : public testing::Test {
 protected:
  void SetUp() override {
    Recorder::reset();
    auto found = CgroupTree::find(name_);
    if (!found) GTEST_SKIP() << found.error().message;
    tree_ = *found;
  }
  void TearDown() override {
    if (tree_) {
      EXPECT_TRUE(tree_->remove());
    }
  }

  const std::string name_ = fmt::format("simplevisor-test-{}", ::getpid());
  std::optional<CgroupTree> tree_;
};

TEST_F(CgroupTest, EndsWhatLeftItsSessionTogetherWithTheWorker) {
  ASSERT_TRUE(become_subreaper());
  auto group = tree_->create("worker");
  ASSERT_TRUE(group) << group.error().message;
  Pipe output;
  const char* argv[] = {
      "/usr/bin/setsid", "--fork", "/bin/sh", "-c", "echo $$; exec >/dev/null; exec sleep 1000", nullptr};
  const char* envp[] = {nullptr};
  LaunchPlan plan{.executable = argv[0], .argv = argv, .envp = envp, .cgroup_procs = group->procs()};
  plan.stdio[1] = {Stream::Kind::descriptor, output.write_end};
  const auto worker = Launcher{}.launch(plan);
  ASSERT_TRUE(worker) << worker.error().describe();
  const pid_t escaped = std::atoi(output.read_all().c_str());
  EXPECT_EQ(wait_for(*worker), 0);

  EXPECT_TRUE(group->populated().value());
  ASSERT_TRUE(group->kill());
  EXPECT_EQ(wait_for(escaped), 1000 + SIGKILL);
  EXPECT_FALSE(group->populated().value());
  EXPECT_TRUE(group->remove());
}

TEST_F(CgroupTest, UsesAGroupThatExists) {
  auto first = tree_->create("worker");
  auto second = tree_->create("worker");
  ASSERT_TRUE(first && second);
  EXPECT_EQ(first->path(), second->path());
  EXPECT_TRUE(second->remove());
}

TEST_F(CgroupTest, RefusesNamesThatWouldLeaveTheTree) {
  for (const char* const name : {"", ".", "..", "a/b"}) {
    EXPECT_EQ(tree_->create(name).error().code, Errc::invalid) << name;
  }
}

TEST(CgroupErrors, SayWhatIsMissing) {
  Recorder::reset();
  Recorder::fail(SYS_openat, EMFILE);
  EXPECT_EQ(CgroupTree::find("x", Recorder::table()).error().cause.value(), EMFILE);
  EXPECT_EQ(CgroupTree::find("a/b").error().code, Errc::invalid);
}

TEST(CgroupErrors, SayThatTheGroupCannotBeMade) {
  if (!CgroupTree::find("simplevisor-test-probe")) GTEST_SKIP() << "no control groups delegated here";
  EXPECT_TRUE(CgroupTree::find("simplevisor-test-probe")->remove());
  Recorder::reset();
  Recorder::fail(SYS_mkdirat, ENOSPC);
  const auto found = CgroupTree::find("simplevisor-test-probe", Recorder::table());
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().cause.value(), ENOSPC);
}

}  // namespace
}  // namespace simplevisor::process
