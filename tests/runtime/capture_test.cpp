// Output capture with real workers: what they print is in their logs, once, in order, in whole lines.
#include "supervisor/runtime/capture.hpp"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include <future>

#include "tests/runtime/capture_support.hpp"

namespace simplevisor::runtime::test {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Le;
using testing::SizeIs;

TEST_F(CaptureTest, WhatAWorkerPrintsIsInItsLogWhenItHasEnded) {
  start();
  Worker worker{open("root/broker-a/send-a"), "echo out; echo err >&2"};
  EXPECT_EQ(worker.wait(), 0);
  std::promise<bool> drained;
  capture->drained("root/broker-a/send-a", [&](bool complete) { drained.set_value(complete); });
  EXPECT_TRUE(drained.get_future().get());
  EXPECT_EQ(contents(directory.path("log/root.broker-a.send-a.log")), "out\nerr\n");
}

TEST_F(CaptureTest, BytesAreKeptAsTheyAreWhateverTheyAre) {
  start();
  std::string bytes;
  for (int i = 0; i < 100'000; ++i) bytes += static_cast<char>(i * 31 + i / 256);
  std::ofstream{directory.path("bytes"), std::ios::binary} << bytes;
  Worker worker{open("root/a"), "cat " + directory.path("bytes")};
  EXPECT_EQ(worker.wait(), 0);
  EXPECT_TRUE(capture->sync());
  EXPECT_EQ(log("root/a"), bytes);
}

TEST_F(CaptureTest, ANextLifeContinuesTheLog) {
  start();
  const std::string fifo = open("root/a");
  EXPECT_EQ((Worker{fifo, "echo first"}.wait()), 0);
  EXPECT_EQ(open("root/a"), fifo);
  EXPECT_EQ((Worker{fifo, "echo second"}.wait()), 0);
  EXPECT_TRUE(capture->sync());
  EXPECT_EQ(log("root/a"), "first\nsecond\n");
}

TEST_F(CaptureTest, TheFifoIsPrivateWhateverTheUmask) {
  start();
  const mode_t before = ::umask(0777);
  const std::string fifo = open("root/a");
  ::umask(before);
  struct stat is{};
  ASSERT_EQ(::stat(fifo.c_str(), &is), 0);
  EXPECT_TRUE(S_ISFIFO(is.st_mode));
  EXPECT_EQ(is.st_mode & 07777, 0600u);
}

TEST_F(CaptureTest, TheFifoBelongsToTheWorkersUser) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can give files away";
  start();
  const auto fifo = capture->open("root/a", FileOwner{65534, 65534});
  ASSERT_TRUE(fifo) << fifo.error().message;
  struct stat is{};
  ASSERT_EQ(::stat(fifo->c_str(), &is), 0);
  EXPECT_EQ(is.st_uid, 65534u);
  EXPECT_EQ(is.st_gid, 65534u);
}

TEST_F(CaptureTest, SomethingElseInTheFifosPlaceIsRefused) {
  start();
  std::ofstream{directory.path("fifo/root.a")} << "a file";
  const auto fifo = capture->open("root/a");
  ASSERT_FALSE(fifo);
  EXPECT_EQ(fifo.error().code, StorageError::Code::bad_name);
  EXPECT_THAT(fifo.error().message, HasSubstr("root.a"));
}

TEST_F(CaptureTest, RotationKeepsEveryLineOnceAndWhole) {
  start({.max_bytes = 4096, .files = 1000});
  // seq writes blocks, which end in the middle of a line.
  Worker worker{open("root/a"), "seq 1 30000"};
  EXPECT_EQ(worker.wait(), 0);
  EXPECT_TRUE(capture->sync());
  const auto files = log_files(capture->log_path("root/a"));
  EXPECT_THAT(files, SizeIs(testing::Gt(30u)));
  for (const std::string& file : files) {
    EXPECT_THAT(file, EndsWith("\n"));
    EXPECT_THAT(file.size(), Le(4096u + 6u));
  }
  EXPECT_EQ(joined(files), numbers_to(30000));
}

TEST_F(CaptureTest, OnlyTheOldestFilesAreGivenUp) {
  start({.max_bytes = 1000, .files = 3});
  Worker worker{open("root/a"), "seq 1 5000"};
  EXPECT_EQ(worker.wait(), 0);
  EXPECT_TRUE(capture->sync());
  const auto files = log_files(capture->log_path("root/a"));
  EXPECT_THAT(files, SizeIs(4));
  EXPECT_THAT(numbers_to(5000), EndsWith(joined(files)));
}

TEST_F(CaptureTest, ALineThatNeverEndsIsCutAtItsBoundAndLosesNothing) {
  start({.max_bytes = 1000, .files = 1000}, {.line_bytes_max = 8192});
  Worker worker{open("root/a"), "head -c 300000 /dev/zero"};
  EXPECT_EQ(worker.wait(), 0);
  EXPECT_TRUE(capture->sync());
  const auto files = log_files(capture->log_path("root/a"));
  for (const std::string& file : files) EXPECT_THAT(file.size(), Le(1000u + 8192u));
  EXPECT_EQ(joined(files), std::string(300'000, '\0'));
}

TEST_F(CaptureTest, TwoHundredWritersAtOnceShareAFewOpenFiles) {
  start({.max_bytes = 2000, .files = 100}, {.open_files_max = 8});
  std::vector<Worker> workers;
  for (int i = 0; i < 200; ++i) workers.emplace_back(open("root/pool/" + std::to_string(i)), "seq 1 1000");
  for (Worker& worker : workers) EXPECT_EQ(worker.wait(), 0);
  EXPECT_TRUE(capture->sync());
  for (int i = 0; i < 200; ++i) EXPECT_EQ(log("root/pool/" + std::to_string(i)), numbers_to(1000)) << i;
}

TEST_F(CaptureTest, AQuietWorkerIsHeardBesideANoisyOne) {
  start({.max_bytes = 1u << 20, .files = 1});
  Worker noisy{open("root/noisy"), "yes"};
  const std::string quiet_log = capture->log_path("root/quiet");
  Worker quiet{open("root/quiet"), "echo still here"};
  EXPECT_EQ(quiet.wait(), 0);
  EXPECT_TRUE(wait_for_change(directory.path("log"), [&] { return contents(quiet_log) == "still here\n"; }));
  EXPECT_FALSE(noisy.has_ended());
}

TEST_F(CaptureTest, AClosedWorkerLeavesItsLogAndNoFifo) {
  start();
  const std::string fifo = open("root/a");
  EXPECT_EQ((Worker{fifo, "echo last words"}.wait()), 0);
  capture->close("root/a");
  EXPECT_TRUE(capture->sync());
  EXPECT_FALSE(std::filesystem::exists(fifo));
  EXPECT_EQ(log("root/a"), "last words\n");
}

TEST_F(CaptureTest, AWorkerThatComesBackWhileItIsBeingClosedIsCaptured) {
  start();
  for (int round = 0; round < 50; ++round) {
    EXPECT_EQ((Worker{open("root/a"), "echo again"}.wait()), 0);
    capture->close("root/a");
  }
  EXPECT_TRUE(capture->sync());
  std::string expected;
  for (int round = 0; round < 50; ++round) expected += "again\n";
  EXPECT_EQ(log("root/a"), expected);
}

TEST_F(CaptureTest, WhatIsNotCapturedIsDrained) {
  start();
  std::promise<bool> drained;
  capture->close("root/nobody");
  capture->drained("root/nobody", [&](bool complete) { drained.set_value(complete); });
  EXPECT_TRUE(drained.get_future().get());
}

TEST_F(CaptureTest, ALogThatWasMovedAwayIsOpenedAnewOnDemand) {
  start();
  const std::string fifo = open("root/a");
  EXPECT_EQ((Worker{fifo, "echo before"}.wait()), 0);
  EXPECT_TRUE(capture->sync());
  std::filesystem::rename(capture->log_path("root/a"), directory.path("moved"));
  capture->reopen();
  EXPECT_TRUE(capture->sync());  // asked of another thread, which may hear of the next line first
  EXPECT_EQ((Worker{fifo, "echo after"}.wait()), 0);
  EXPECT_TRUE(capture->sync());
  EXPECT_EQ(contents(directory.path("moved")), "before\n");
  EXPECT_EQ(contents(capture->log_path("root/a")), "after\n");
}

TEST_F(CaptureTest, StopMovesWhatWaitsAndRemovesTheFifos) {
  start();
  const std::string fifo = open("root/a");
  EXPECT_EQ((Worker{fifo, "seq 1 5000"}.wait()), 0);
  EXPECT_TRUE(capture->stop());
  EXPECT_EQ(log("root/a"), numbers_to(5000));
  EXPECT_FALSE(std::filesystem::exists(fifo));
}

TEST_F(CaptureTest, StopCanLeaveTheFifosToASuccessor) {
  start();
  const std::string fifo = open("root/a");
  EXPECT_TRUE(capture->stop(Capture::Fifos::keep));
  EXPECT_TRUE(std::filesystem::exists(fifo));
}

TEST_F(CaptureTest, TheTailIsWhatAWorkerSaidLast) {
  start({.max_bytes = 1000, .files = 3});
  EXPECT_EQ(capture->tail("root/a", 3), "");
  EXPECT_EQ((Worker{open("root/a"), "seq 1 1000; echo the end"}.wait()), 0);
  EXPECT_TRUE(capture->sync());
  EXPECT_EQ(capture->tail("root/a", 3), "999\n1000\nthe end\n");
}

}  // namespace
}  // namespace simplevisor::runtime::test
