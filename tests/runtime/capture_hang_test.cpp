// Output capture while its disk does not answer: workers go on, what is dropped is counted and told, and all has an end.
#include <gmock/gmock.h>
#include <sched.h>
#include <sys/mount.h>

#include <atomic>
#include <regex>
#include <sstream>

#include "tests/eventually.hpp"
#include "tests/hanging_disk.hpp"
#include "tests/runtime/capture_support.hpp"

namespace simplevisor::runtime::test {
namespace {

using simplevisor::test::eventually;
using simplevisor::test::HangingDisk;
using testing::HasSubstr;
using Kind = CaptureReport::Kind;

// Holds up who writes while it is shut.
class Gate {
 public:
  void shut() { open_ = false; }
  void open() {
    open_ = true;
    open_.notify_all();
  }
  void pass() {
    if (open_) return;
    ++held_up_;
    open_.wait(false);
  }
  [[nodiscard]] bool holds_somebody_up() const { return held_up_ > 0; }

 private:
  std::atomic<bool> open_ = true;
  std::atomic<int> held_up_ = 0;
};

constexpr int many = 60'000;  // lines: more than five times what a FIFO holds

std::string print_many() {
  return "seq 1 " + std::to_string(many);
}

// What a worker's log holds.
struct Account {
  std::size_t bytes = 0;    // of the worker's lines
  std::size_t dropped = 0;  // as told
  std::size_t notes = 0;    // that told it
  int torn = 0;             // lines that are not what was printed
  int disorder = 0;

  Account(const std::string& log, bool text) {
    static const std::regex stamped{"[^ ]+ std(out|err) (F|P) (.*)"};
    std::istringstream file{log};
    std::vector<std::string> lines;
    for (std::string line; std::getline(file, line);) {
      std::smatch found;
      if (text && !std::regex_match(line, found, stamped)) ++torn;
      lines.push_back(text ? std::string{found[3]} : line);
    }
    int last = 0;
    for (std::size_t n = 0; n < lines.size(); ++n) {
      if (take_note(lines[n])) continue;
      bytes += lines[n].size() + 1;
      // Bytes that are moved unseen may end within a line whose rest is dropped: then the end of line is ours.
      if (!text && n + 1 < lines.size() && Account{lines[n + 1]}.notes > 0) continue;
      const int number = std::atoi(lines[n].c_str());
      if (std::to_string(number) != lines[n]) ++torn;
      if (number <= last) ++disorder;
      last = number;
    }
  }

 private:
  explicit Account(const std::string& line) { take_note(line); }

  bool take_note(const std::string& line) {
    static const std::regex note{
        "simplevisor: ([0-9]+) bytes were dropped in .*: the log could not be written"};
    std::smatch found;
    if (!std::regex_match(line, found, note)) return false;
    dropped += std::stoul(found[1]);
    ++notes;
    return true;
  }
};

class HangTest : public CaptureTest, public testing::WithParamInterface<bool> {
 protected:
  HangTest() : gate(std::make_shared<Gate>()) {}
  ~HangTest() override { gate->open(); }

  CaptureOptions with_gate() {
    CaptureOptions options{.relief = std::chrono::milliseconds{1},
                           .stuck = std::chrono::milliseconds{20},
                           .patience = std::chrono::milliseconds{50},
                           .report = reports.listener()};
    options.calls.splice = [gate = gate, real = options.calls.splice](int pipe, int file, loff_t* offset,
                                                                      std::size_t bytes) {
      gate->pass();
      return real(pipe, file, offset, bytes);
    };
    options.calls.pwrite = [gate = gate, real = options.calls.pwrite](int file, const void* bytes,
                                                                      std::size_t count, off_t offset) {
      gate->pass();
      return real(file, bytes, count, offset);
    };
    return options;
  }
  [[nodiscard]] OutputPolicy policy() const {
    return {.format = by_line() ? config::LogFormat::text : config::LogFormat::raw};
  }
  [[nodiscard]] static bool by_line() { return GetParam(); }
  std::string open(const std::string& node) {
    const auto fifo = capture->open(node, std::nullopt, policy());
    EXPECT_TRUE(fifo) << fifo.error().message;
    return fifo.value_or("");
  }
  std::size_t printed() const { return numbers_to(many).size(); }

  void expect_whole_account(const std::string& node) {
    const Account account{log(node), by_line()};
    EXPECT_GT(account.dropped, 0u) << node;
    EXPECT_EQ(account.disorder, 0) << node;
    EXPECT_EQ(account.torn, 0) << node;
    // More by the ends of lines that are ours.
    EXPECT_GE(account.bytes + account.dropped, printed()) << node;
    EXPECT_LE(account.bytes + account.dropped, printed() + (by_line() ? 0 : account.notes)) << node;
  }

  std::shared_ptr<Gate> gate;
};

INSTANTIATE_TEST_SUITE_P(Modes, HangTest, testing::Bool(), [](const auto& mode) {
  return mode.param ? std::string{"text"} : std::string{"raw"};
});

TEST_P(HangTest, WorkersGoOnAndWhatIsDroppedIsCountedAndTold) {
  start({.max_bytes = 0}, with_gate());
  gate->shut();
  Worker one{open("root/one"), print_many()};
  Worker two{open("root/two"), print_many()};
  EXPECT_EQ(one.wait(), 0);
  EXPECT_EQ(two.wait(), 0);
  ASSERT_TRUE(reports.wait_for(Kind::trouble));
  EXPECT_THAT(reports.first(), HasSubstr("the disk of the logs does not answer"));
  gate->open();
  ASSERT_TRUE(reports.wait_for(Kind::recovered));
  // Told by itself, though no worker prints any more.
  for (const char* const node : {"root/one", "root/two"}) {
    EXPECT_TRUE(eventually([&] { return log(node).contains("bytes were dropped in"); })) << node;
    EXPECT_TRUE(capture->sync());
    expect_whole_account(node);
  }
}

TEST_P(HangTest, AfterwardsEverythingIsInTheLogsAgain) {
  start({.max_bytes = 0}, with_gate());
  const std::string fifo = open("root/a");
  gate->shut();
  EXPECT_EQ((Worker{fifo, print_many()}.wait()), 0);
  gate->open();
  ASSERT_TRUE(reports.wait_for(Kind::recovered));
  EXPECT_TRUE(capture->sync());
  const std::string before = log("root/a");
  EXPECT_EQ((Worker{fifo, print_many()}.wait()), 0);
  EXPECT_TRUE(capture->sync());
  const Account later{log("root/a").substr(before.size()), by_line()};
  EXPECT_EQ(later.bytes, printed());
  EXPECT_EQ(later.dropped + static_cast<std::size_t>(later.torn), 0u);
}

TEST_P(HangTest, AHangThatFillsNoFifoLosesNothing) {
  start({.max_bytes = 0}, with_gate());
  gate->shut();
  const std::string fifo = open("root/a");
  EXPECT_EQ((Worker{fifo, "seq 1 1000"}.wait()), 0);
  ASSERT_TRUE(reports.wait_for(Kind::trouble));
  EXPECT_EQ((Worker{fifo, "seq 1001 2000"}.wait()), 0);
  gate->open();
  ASSERT_TRUE(reports.wait_for(Kind::recovered));
  EXPECT_TRUE(capture->sync());
  const Account account{log("root/a"), by_line()};
  EXPECT_EQ(account.bytes, numbers_to(2000).size());
  EXPECT_EQ(account.dropped, 0u);
}

TEST_P(HangTest, WithoutDropTheWorkersWaitAndLoseNothing) {
  start({.max_bytes = 0, .drop = false}, with_gate());
  gate->shut();
  const std::string fifo = open("root/a");
  Worker worker{fifo, print_many()};
  ASSERT_TRUE(reports.wait_for(Kind::trouble));
  EXPECT_THAT(reports.first(), HasSubstr("they wait"));
  const UniqueFd end{::open(fifo.c_str(), O_RDWR | O_CLOEXEC)};
  ASSERT_TRUE(eventually([&] { return is_full(end.get()); }));
  EXPECT_FALSE(worker.has_ended());
  gate->open();
  EXPECT_EQ(worker.wait(), 0);
  EXPECT_TRUE(capture->sync());
  const Account account{log("root/a"), by_line()};
  EXPECT_EQ(account.bytes, printed());
  EXPECT_EQ(account.dropped, 0u);
}

TEST_P(HangTest, WhatSupervisionAsksForIsNotHeldUp) {
  start({.max_bytes = 0}, with_gate());
  open("root/gone");
  gate->shut();
  Worker worker{open("root/a"), print_many()};
  ASSERT_TRUE(eventually([&] { return gate->holds_somebody_up(); }));
  open("root/b");
  capture->begin_life("root/b", 2);
  capture->close("root/gone");
  open("root/gone");
  capture->reopen();
  EXPECT_EQ(worker.wait(), 0);
  gate->open();
  EXPECT_TRUE(capture->sync());
  EXPECT_TRUE(std::filesystem::exists(directory.path("fifo/root.gone")));
}

TEST_P(HangTest, TheEndDoesNotWaitForTheDisk) {
  start({.max_bytes = 0}, with_gate());
  gate->shut();
  EXPECT_EQ((Worker{open("root/a"), print_many()}.wait()), 0);
  EXPECT_FALSE(capture->stop());
  EXPECT_EQ(reports.count(Kind::recovered), 0u);
  EXPECT_TRUE(reports.told("capture ends without the disk of the logs"));
  capture.reset();
  // The thread has what it uses, ends when the disk answers, and takes all with it.
  gate->open();
  EXPECT_TRUE(eventually([&] { return gate.use_count() == 1; }));
}

TEST_P(HangTest, ACaptureThatIsDroppedDoesNotWaitForTheDiskEither) {
  start({.max_bytes = 0}, with_gate());
  gate->shut();
  EXPECT_EQ((Worker{open("root/a"), print_many()}.wait()), 0);
  capture.reset();
  gate->open();
  EXPECT_TRUE(eventually([&] { return gate.use_count() == 1; }));
}

// The kernel's part of it: whoever splices from a FIFO straight into a file holds the FIFO's lock, and its writers.
TEST_P(HangTest, ARealDiskThatDoesNotAnswerHoldsNobodyUp) {
  start();
  capture->stop();
  if (::unshare(CLONE_NEWNS) != 0 || ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0)
    GTEST_SKIP() << "not allowed to mount";
  const auto disk = HangingDisk::mount(directory.path("log"));
  if (!disk) GTEST_SKIP() << "no FUSE to be had here";
  start({.max_bytes = 0}, with_gate());
  // Both are there before it hangs: to start one here closes copies of our descriptors, for which FUSE asks the disk.
  const std::string go = directory.path("go");
  ASSERT_EQ(::mkfifo(go.c_str(), 0600), 0);
  const UniqueFd go_end{::open(go.c_str(), O_RDWR | O_CLOEXEC)};
  Worker stubborn{open("root/a"), "read x <" + go + "; while :; do echo 0; done"};
  Worker worker{open("root/b"), "seq 1 10; read x <" + go + "; seq 11 " + std::to_string(many)};
  ASSERT_TRUE(eventually([&] { return log("root/b").contains("10\n"); }));
  disk->hang();
  ASSERT_EQ(::write(go_end.get(), "\n\n", 2), 2);
  EXPECT_EQ(worker.wait(), 0);
  ASSERT_TRUE(reports.wait_for(Kind::trouble));
  stubborn.kill();
  EXPECT_EQ(WTERMSIG(stubborn.wait()), SIGKILL);
  disk->answer();
  ASSERT_TRUE(reports.wait_for(Kind::recovered));
  EXPECT_TRUE(eventually([&] { return log("root/b").contains("bytes were dropped in"); }));
  EXPECT_TRUE(capture->sync());
  expect_whole_account("root/b");
  EXPECT_TRUE(capture->stop());
}

}  // namespace
}  // namespace simplevisor::runtime::test
