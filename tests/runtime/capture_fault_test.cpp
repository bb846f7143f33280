// Output capture when things go wrong: a supervisor killed, a disk full, system calls that fail. Nothing is lost.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <poll.h>
#include <sched.h>
#include <sys/mount.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <future>

#include "tests/runtime/capture_support.hpp"

namespace simplevisor::runtime::test {
namespace {

using testing::HasSubstr;
using Kind = CaptureReport::Kind;

// Fails while it is set to an errno.
struct Fault {
  std::atomic<int> error{0};
  std::atomic<int> calls{0};

  bool strikes() {
    const int wanted = error.load();
    if (wanted == 0) return false;
    ++calls;
    errno = wanted;
    return true;
  }
};

class CaptureFaultTest : public CaptureTest {
 protected:
  CaptureOptions faulty_splice() {
    CaptureOptions options{.retry_first = std::chrono::milliseconds{1},
                           .retry_max = std::chrono::milliseconds{10},
                           .report = reports.listener()};
    options.calls.splice = [this, real = options.calls.splice](int pipe, int file, loff_t* offset,
                                                               std::size_t bytes) {
      return fault.strikes() ? ssize_t{-1} : real(pipe, file, offset, bytes);
    };
    return options;
  }

  Fault fault;
};

// A supervisor in a process of its own, as far as capture is concerned; returns its pid once it listens.
pid_t fork_supervisor(const std::string& directory, const std::string& node) {
  int ready[2];
  if (::pipe(ready) != 0) return -1;
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::close(ready[0]);
    auto capture = Capture::start(directory, {.max_bytes = 5000, .files = 1000, .compress = false});
    if (!capture || !(*capture)->open(node)) ::_exit(1);
    if (::write(ready[1], "r", 1) != 1) ::_exit(1);
    for (;;) ::pause();
  }
  ::close(ready[1]);
  char byte = 0;
  const bool up = ::read(ready[0], &byte, 1) == 1;
  ::close(ready[0]);
  return up ? pid : -1;
}

// Returns when there is something to read in the FIFO, and reads nothing.
void wait_for_output(const std::string& fifo) {
  const UniqueFd end{::open(fifo.c_str(), O_RDWR | O_CLOEXEC)};
  pollfd waiting{end.get(), POLLIN, 0};
  ASSERT_EQ(::poll(&waiting, 1, -1), 1);
}

TEST_F(CaptureFaultTest, SupervisorsKilledAgainAndAgainLoseNoLineAndNoWorker) {
  constexpr int lines = 40'000;
  // The FIFO is there before any supervisor; held by us, as the guardian will hold it.
  start();
  const std::string fifo = open("root/a");
  EXPECT_TRUE(capture->stop(Capture::Fifos::keep));
  const UniqueFd keeper{::open(fifo.c_str(), O_RDWR | O_CLOEXEC)};
  // The second half waits until one of them was killed, however quick that one was.
  const std::string go = directory.path("go");
  ASSERT_EQ(::mkfifo(go.c_str(), 0600), 0);
  const UniqueFd go_end{::open(go.c_str(), O_RDWR | O_CLOEXEC)};
  Worker worker{fifo,
                fmt::format("seq 1 {0}; read x <{1}; seq {2} {3}", lines / 2, go, lines / 2 + 1, lines)};
  int killed = 0;
  while (!worker.has_ended()) {
    const UniqueFd written{::inotify_init1(IN_CLOEXEC)};
    ASSERT_GE(::inotify_add_watch(written.get(), directory.path("log").c_str(), IN_MODIFY), 0);
    const pid_t supervisor = fork_supervisor(directory.path(), "root/a");
    ASSERT_GT(supervisor, 0);
    // Each gets something done, and is killed at it: between writing and taking, as often as not.
    std::array<pollfd, 2> facts{{{written.get(), POLLIN, 0}, {worker.pidfd(), POLLIN, 0}}};
    ASSERT_GT(::poll(facts.data(), facts.size(), -1), 0);
    ::kill(supervisor, SIGKILL);
    ::waitpid(supervisor, nullptr, 0);
    if (++killed == 1) {
      ASSERT_EQ(::write(go_end.get(), "\n", 1), 1);
    }
  }
  EXPECT_EQ(worker.wait(), 0);
  EXPECT_GT(killed, 1);
  start({.max_bytes = 5000, .files = 1000});
  open("root/a");
  EXPECT_TRUE(capture->sync());
  EXPECT_EQ(log("root/a"), numbers_to(lines));
}

TEST_F(CaptureFaultTest, ACaptureThatIsDroppedLeavesTheRestToTheNext) {
  start();
  const std::string fifo = open("root/a");
  // It says so when it has printed the first half, and goes on when told: 200 kB, more than a FIFO holds.
  const std::string said = directory.path("said");
  const std::string go = directory.path("go");
  ASSERT_EQ(::mkfifo(said.c_str(), 0600) | ::mkfifo(go.c_str(), 0600), 0);
  const UniqueFd said_end{::open(said.c_str(), O_RDWR | O_CLOEXEC)};
  const UniqueFd go_end{::open(go.c_str(), O_RDWR | O_CLOEXEC)};
  Worker worker{fifo, "seq 1 1000; echo >" + said + "; read x <" + go + "; seq 1001 40000"};
  char byte = 0;
  ASSERT_EQ(::read(said_end.get(), &byte, 1), 1);
  capture.reset();
  ASSERT_EQ(::write(go_end.get(), "\n", 1), 1);
  start();
  EXPECT_EQ(open("root/a"), fifo);
  EXPECT_EQ(worker.wait(), 0);
  EXPECT_TRUE(capture->sync());
  EXPECT_EQ(log("root/a"), numbers_to(40000));
}

TEST_F(CaptureFaultTest, AFullDiskHoldsTheWorkersUpAndLosesNothing) {
  start({.max_bytes = 10'000, .files = 1000, .drop = false}, faulty_splice());
  fault.error = ENOSPC;
  const std::string fifo = open("root/one");
  Worker one{fifo, "seq 1 40000"};
  Worker two{open("root/two"), "seq 1 40000"};
  wait_for_output(fifo);
  ASSERT_TRUE(reports.wait_for(Kind::trouble));
  EXPECT_THAT(reports.first(), HasSubstr("No space left on device"));
  EXPECT_FALSE(capture->sync());
  EXPECT_FALSE(one.has_ended());
  EXPECT_FALSE(two.has_ended());
  std::promise<bool> drained;
  capture->drained("root/one", [&](bool complete) { drained.set_value(complete); });
  EXPECT_FALSE(drained.get_future().get());

  fault.error = 0;
  EXPECT_TRUE(reports.wait_for(Kind::recovered));
  EXPECT_EQ(one.wait(), 0);
  EXPECT_EQ(two.wait(), 0);
  EXPECT_TRUE(capture->sync());
  EXPECT_EQ(log("root/one"), numbers_to(40000));
  EXPECT_EQ(log("root/two"), numbers_to(40000));
  EXPECT_EQ(reports.count(Kind::trouble), 1u);
}

TEST_F(CaptureFaultTest, ARealFullDiskToo) {
  start();
  capture->stop();
  if (::unshare(CLONE_NEWNS) != 0 || ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
      ::mount("none", directory.path("log").c_str(), "tmpfs", 0, "size=64k") != 0) {
    GTEST_SKIP() << "not allowed to mount a small disk";
  }
  start({.max_bytes = 10'000, .files = 1000, .drop = false}, faulty_splice());
  Worker worker{open("root/a"), "seq 1 60000"};
  EXPECT_TRUE(reports.wait_for(Kind::trouble));
  EXPECT_THAT(reports.first(), HasSubstr("No space left on device"));
  EXPECT_EQ(::mount("none", directory.path("log").c_str(), "tmpfs", MS_REMOUNT, "size=4m"), 0);
  EXPECT_EQ(worker.wait(), 0);
  EXPECT_TRUE(capture->sync());
  EXPECT_EQ(log("root/a"), numbers_to(60000));
  capture.reset();
  EXPECT_EQ(::umount(directory.path("log").c_str()), 0);
}

TEST_F(CaptureFaultTest, EachErrorOfTheDiskIsToldOnceAndOvercome) {
  for (const int error : {EIO, EDQUOT, EFBIG, ENOMEM}) {
    Reports told;
    CaptureOptions options = faulty_splice();
    options.report = told.listener();
    start({}, std::move(options));
    const std::string node = "root/" + std::to_string(error);
    fault.error = error;
    EXPECT_EQ((Worker{open(node), "echo kept"}.wait()), 0);
    EXPECT_TRUE(told.wait_for(Kind::trouble)) << error;
    fault.error = 0;
    EXPECT_TRUE(told.wait_for(Kind::recovered)) << error;
    EXPECT_TRUE(capture->stop());
    EXPECT_EQ(log(node), "kept\n");
    EXPECT_EQ(told.count(Kind::trouble), 1u) << error;
  }
}

TEST_F(CaptureFaultTest, AnInterruptedOrEmptySpliceIsNoError) {
  std::atomic<int> calls{0};
  CaptureOptions options{.report = reports.listener()};
  options.calls.splice = [&calls, real = options.calls.splice](int pipe, int file, loff_t* offset,
                                                               std::size_t bytes) {
    const int call = ++calls;
    if (call <= 2) {
      errno = call == 1 ? EINTR : EAGAIN;
      return ssize_t{-1};
    }
    return real(pipe, file, offset, std::min<std::size_t>(bytes, 3));  // and short ones
  };
  start({}, std::move(options));
  EXPECT_EQ((Worker{open("root/a"), "seq 1 100"}.wait()), 0);
  EXPECT_TRUE(wait_for_change(directory.path("log"), [&] { return log("root/a") == numbers_to(100); }));
  EXPECT_EQ(reports.count(Kind::trouble), 0u);
}

TEST_F(CaptureFaultTest, AWorkerIsRefusedWhenItsFifoCannotBeMadeOrOpened) {
  Fault no_fifo;
  Fault no_open;
  CaptureOptions options;
  options.calls.mkfifoat = [&no_fifo, real = options.calls.mkfifoat](int dir, const char* name, mode_t mode) {
    return no_fifo.strikes() ? -1 : real(dir, name, mode);
  };
  options.calls.openat = [&no_open, real = options.calls.openat](int dir, const char* name, int flags,
                                                                 mode_t mode) {
    return no_open.strikes() ? -1 : real(dir, name, flags, mode);
  };
  start({}, std::move(options));
  no_fifo.error = ENOSPC;
  const auto unmade = capture->open("root/a");
  ASSERT_FALSE(unmade);
  EXPECT_EQ(unmade.error().message, "cannot make the FIFO root.a: No space left on device");
  no_fifo.error = 0;
  no_open.error = EMFILE;
  const auto unopened = capture->open("root/a");
  ASSERT_FALSE(unopened);
  EXPECT_EQ(unopened.error().message, "cannot open the FIFO root.a: Too many open files");
  no_open.error = 0;
  EXPECT_TRUE(capture->open("root/a"));
}

TEST_F(CaptureFaultTest, ALogThatCannotBeOpenedIsTriedAgain) {
  CaptureOptions options{.retry_first = std::chrono::milliseconds{1}, .report = reports.listener()};
  options.calls.openat = [this, real = options.calls.openat](int dir, const char* name, int flags,
                                                             mode_t mode) {
    return (flags & O_CREAT) != 0 && fault.strikes() ? -1 : real(dir, name, flags, mode);
  };
  start({}, std::move(options));
  fault.error = EMFILE;
  EXPECT_EQ((Worker{open("root/a"), "echo kept"}.wait()), 0);
  EXPECT_TRUE(reports.wait_for(Kind::trouble));
  capture->close("root/a");  // even a worker that is gone keeps its bytes until they are written
  fault.error = 0;
  EXPECT_TRUE(reports.wait_for(Kind::recovered));
  EXPECT_TRUE(capture->sync());
  EXPECT_EQ(log("root/a"), "kept\n");
  EXPECT_FALSE(std::filesystem::exists(directory.path("fifo/root.a")));
}

TEST_F(CaptureFaultTest, ALogThatCannotBeRotatedGrowsOn) {
  CaptureOptions options{.line_bytes_max = 1000, .report = reports.listener()};
  options.calls.rename = [this, real = options.calls.rename](int dir, const char* from, const char* to) {
    return fault.strikes() ? -1 : real(dir, from, to);
  };
  start({.max_bytes = 1000, .files = 10}, std::move(options));
  fault.error = EACCES;
  const std::string fifo = open("root/a");
  EXPECT_EQ((Worker{fifo, "seq 1 1000"}.wait()), 0);
  EXPECT_TRUE(capture->sync());
  EXPECT_EQ(contents(capture->log_path("root/a")), numbers_to(1000));
  EXPECT_THAT(reports.first(), HasSubstr("Permission denied"));
  fault.error = 0;
  EXPECT_EQ((Worker{fifo, "seq 1001 2000"}.wait()), 0);
  EXPECT_TRUE(capture->sync());
  EXPECT_TRUE(std::filesystem::exists(capture->log_path("root/a") + ".1"));
  EXPECT_EQ(log("root/a"), numbers_to(2000));
}

TEST_F(CaptureFaultTest, WhatCannotBeWrittenAtTheEndIsTold) {
  start({}, faulty_splice());
  fault.error = ENOSPC;
  EXPECT_EQ((Worker{open("root/a"), "echo lost"}.wait()), 0);
  ASSERT_TRUE(reports.wait_for(Kind::trouble));
  EXPECT_FALSE(capture->stop());
  EXPECT_EQ(reports.count(Kind::trouble), 2u);
}

}  // namespace
}  // namespace simplevisor::runtime::test
