// The program on a disk that stops answering: its workers and its supervision go on, and it ends when told to.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>

#include <csignal>
#include <filesystem>
#include <fstream>

#include "tests/hanging_disk.hpp"
#include "tests/integration/host.hpp"

namespace simplevisor::integration {
namespace {

using test::HangingDisk;
using testing::HasSubstr;

bool may_mount() {
  return ::unshare(CLONE_NEWNS) == 0 && ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0;
}

TEST(HangingLogDisk, IsReportedAndHoldsUpNeitherWorkersNorSupervisionNorTheEnd) {
  if (!may_mount()) GTEST_SKIP() << "not allowed to mount";
  // It says how far it is outside of its log: so many times 8 kB.
  Host host(
      "[supervisor.root]\nchildren = [\"a\", \"b\"]\nintensity = 10\n"
      "[worker.a]\ncommand = [\"/bin/sh\", \"-c\", '''while :; do seq 1000 2600; echo >>@DIR@/rounds; "
      "done''']\n"
      "[worker.b]\ncommand = [\"/bin/sleep\", \"1000\"]\n");
  std::filesystem::create_directories(host.dir() + "/state/log");
  const auto disk = HangingDisk::mount(host.dir() + "/state/log");
  if (!disk) GTEST_SKIP() << "no FUSE to be had here";
  host.up();
  ASSERT_TRUE(eventually([&] { return host.lines("rounds").size() > 10; }));
  disk->hang();
  ASSERT_TRUE(eventually(
      [&] { return host.log().find("the disk of the logs does not answer") != std::string::npos; }));
  const std::size_t rounds = host.lines("rounds").size();
  EXPECT_TRUE(eventually([&] { return host.lines("rounds").size() > rounds + 30; }));  // FIFOs hold eight
  for (const char* const node : {"root/a", "root/b"}) {
    const pid_t first = host.pid_of(node);
    ::kill(first, SIGKILL);
    EXPECT_TRUE(eventually([&] { return host.pid_of(node) > 0 && host.pid_of(node) != first; })) << node;
  }
  const pid_t last = host.pid_of("root/a");
  host.signal(SIGTERM);
  EXPECT_TRUE(eventually([&] { return host.log().ends_with("ended\n"); }));
  EXPECT_FALSE(alive(last));
  EXPECT_THAT(host.log(), HasSubstr("capture ends without the disk of the logs"));
  disk->answer();  // until then the kernel may keep the process: one thread of it waits for the disk
  EXPECT_EQ(host.wait().exit_code, 0);
}

TEST(HangingLogDisk, ThatAnswersAgainHasTheLossInTheLog) {
  if (!may_mount()) GTEST_SKIP() << "not allowed to mount";
  // Ends when told to: a log that grows while it is read has no end.
  Host host(
      "[worker.a]\ncommand = [\"/bin/sh\", \"-c\", '''until [ -e @DIR@/enough ]; do seq 1000 2600; "
      "echo >>@DIR@/rounds; done; exec sleep 1000''']\n");
  std::filesystem::create_directories(host.dir() + "/state/log");
  const auto disk = HangingDisk::mount(host.dir() + "/state/log");
  if (!disk) GTEST_SKIP() << "no FUSE to be had here";
  host.up();
  disk->hang();
  ASSERT_TRUE(eventually(
      [&] { return host.log().find("the disk of the logs does not answer") != std::string::npos; }));
  const std::size_t rounds = host.lines("rounds").size();
  EXPECT_TRUE(eventually([&] { return host.lines("rounds").size() > rounds + 30; }));
  std::ofstream{host.dir() + "/enough"};
  disk->answer();
  EXPECT_TRUE(eventually([&] { return host.log().find("bytes were dropped in") != std::string::npos; }));
  EXPECT_TRUE(
      eventually([&] { return host.log().find("the disk of the logs answers again") != std::string::npos; }));
  EXPECT_THAT(host.read("state/log/root.a.log"), HasSubstr("bytes were dropped in"));
  host.signal(SIGTERM);
  EXPECT_EQ(host.wait().exit_code, 0);
}

}  // namespace
}  // namespace simplevisor::integration
