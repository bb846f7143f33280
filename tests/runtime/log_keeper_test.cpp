// Old logs: rotated with their numbers, compressed, and removed when they are too many; and nothing lost on the way.
#include "supervisor/runtime/log_keeper.hpp"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include "supervisor/runtime/logs/log_range.hpp"
#include "supervisor/runtime/rotation.hpp"
#include "tests/eventually.hpp"
#include "tests/runtime/capture_support.hpp"

namespace simplevisor::runtime::test {
namespace {

using simplevisor::test::eventually;
using testing::ElementsAre;
using testing::UnorderedElementsAre;

class LogKeeperTest : public CaptureTest {
 protected:
  void write(const std::string& name, const std::string& text) const {
    std::ofstream{directory.path(name), std::ios::binary} << text;
  }
  std::vector<std::string> names() const {
    std::vector<std::string> all;
    for (const auto& entry : std::filesystem::directory_iterator{directory.path()})
      all.push_back(entry.path().filename());
    return all;
  }
  void tend(const LogKeeper::Options& options) {
    LogKeeper keeper{dir.get(), options};
    ASSERT_EQ(keeper.start(), 0);
    keeper.settle();
  }
  int rotate(unsigned files) const { return rotate_files(CaptureCalls{}.rename, dir.get(), "a.log", files); }
  std::vector<std::string> lines() const {
    std::vector<std::string> all;
    for (const auto& line : logs::last_of(directory.path("a.log"), {.lines = 1000}).lines)
      all.push_back(line.text);
    return all;
  }
  // When it was last changed, in seconds.
  void age(const std::string& name, time_t seconds) const {
    const timespec times[2] = {{.tv_sec = seconds, .tv_nsec = 0}, {.tv_sec = seconds, .tv_nsec = 0}};
    ASSERT_EQ(::utimensat(dir.get(), name.c_str(), times, 0), 0);
  }

  UniqueFd dir{::open(directory.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
};

TEST_F(LogKeeperTest, CompressesAllButTheYoungestRotatedFile) {
  write("a.log", "four\n");
  write("a.log.1", "three\n");
  write("a.log.2", "two\n");
  write("a.log.3", "one\n");
  write("other", "x");
  age("a.log.3", 1000);
  tend({});
  EXPECT_THAT(names(), UnorderedElementsAre("a.log", "a.log.1", "a.log.2.gz", "a.log.3.gz", "other"));
  EXPECT_THAT(lines(), ElementsAre("one", "two", "three", "four"));
  struct stat is{};
  ASSERT_EQ(::stat(directory.path("a.log.3.gz").c_str(), &is), 0);
  EXPECT_EQ(is.st_mtim.tv_sec, 1000);
}

TEST_F(LogKeeperTest, ClearsUpWhatAKilledOneLeft) {
  write("a.log.2", "one\n");
  write("a.log.gz-part", "half");
  tend({});
  EXPECT_THAT(names(), UnorderedElementsAre("a.log.2.gz"));
  // Killed after it was put in place and before the former was removed: both are there, and the same.
  write("a.log.2", "one\n");
  tend({});
  EXPECT_THAT(names(), UnorderedElementsAre("a.log.2.gz"));
  EXPECT_THAT(lines(), ElementsAre("one"));
}

TEST_F(LogKeeperTest, RotationMovesBothForms) {
  write("a.log", "four\n");
  write("a.log.1", "three\n");
  write("a.log.2.gz", "2");
  write("a.log.3.gz", "3");
  EXPECT_EQ(rotate(4), 0);
  EXPECT_THAT(names(), UnorderedElementsAre("a.log.1", "a.log.2", "a.log.3.gz", "a.log.4.gz"));
  EXPECT_EQ(contents(directory.path("a.log.4.gz")), "3");
  write("a.log", "five\n");
  EXPECT_EQ(rotate(4), 0);
  EXPECT_THAT(names(), UnorderedElementsAre("a.log.1", "a.log.2", "a.log.3", "a.log.4.gz"));
  EXPECT_EQ(contents(directory.path("a.log.4.gz")), "2");
  write("a.log", "six\n");
  EXPECT_EQ(rotate(4), 0);
  EXPECT_THAT(names(), UnorderedElementsAre("a.log.1", "a.log.2", "a.log.3", "a.log.4"));
  EXPECT_EQ(contents(directory.path("a.log.4")), "three\n");
}

TEST_F(LogKeeperTest, RemovesTheOldestOfAllWorkersWhenTheyAreTooLarge) {
  const std::string kilobyte(1000, 'x');
  for (const char* const name : {"a.log", "a.log.1", "a.log.2.gz", "b.log", "b.log.1"}) write(name, kilobyte);
  age("a.log.2.gz", 1000);
  age("b.log.1", 2000);
  age("a.log.1", 3000);
  tend({.compress = false, .total_bytes = 3500});
  EXPECT_THAT(names(), UnorderedElementsAre("a.log", "a.log.1", "b.log"));
  tend({.compress = false, .total_bytes = 100});
  EXPECT_THAT(names(), UnorderedElementsAre("a.log", "b.log"));
}

TEST_F(LogKeeperTest, KeepsUpWithAWorkerThatPrintsAndLosesNothing) {
  compress = true;
  start({.max_bytes = 20'000, .files = 1000});
  Worker worker{open("root/a"), "seq 1 100000"};
  EXPECT_EQ(worker.wait(), 0);
  EXPECT_TRUE(capture->sync());
  const std::string log = capture->log_path("root/a");
  ASSERT_TRUE(eventually([&] {
    return !std::filesystem::exists(log + ".2") && std::filesystem::exists(log + ".2.gz") &&
           !std::filesystem::exists(log + ".20");
  }));
  std::string all;
  for (const auto& line : logs::last_of(log, {.lines = 1'000'000, .bytes_max = 1u << 30}).lines)
    all += line.text + "\n";
  EXPECT_EQ(all, numbers_to(100'000));
}

TEST_F(LogKeeperTest, AFileIsRotatedForItsAge) {
  start({.max_bytes = 0, .age = std::chrono::seconds{1}});
  const std::string fifo = open("root/a");
  const std::string log = capture->log_path("root/a");
  const UniqueFd end{::open(fifo.c_str(), O_RDWR | O_CLOEXEC)};
  ASSERT_TRUE(eventually([&] {
    EXPECT_EQ(::write(end.get(), "x\n", 2), 2);
    return std::filesystem::exists(log + ".1");
  }));
  EXPECT_TRUE(capture->sync());
  EXPECT_THAT(contents(log + ".1"), testing::EndsWith("x\n"));
}

}  // namespace
}  // namespace simplevisor::runtime::test
