// The parts of output capture one by one: names, rotation, the look into a FIFO, the cache of open logs, the tail.
#include "supervisor/runtime/log_file.hpp"

#include <gmock/gmock.h>

#include <array>
#include <random>
#include <set>

#include "supervisor/runtime/log_file_cache.hpp"
#include "supervisor/runtime/log_file_tail.hpp"
#include "supervisor/runtime/rotation.hpp"
#include "tests/runtime/capture_support.hpp"

namespace simplevisor::runtime::test {
namespace {

using testing::ElementsAre;

const RenameCall real_rename = CaptureCalls{}.rename;

void put(const std::string& path, const std::string& text) {
  std::ofstream{path, std::ios::binary} << text;
}

TEST(FileName, IsThePathWithDots) {
  EXPECT_EQ(file_name_of("root/broker-a/send_1"), "root.broker-a.send_1");
}

TEST(FileName, NeverLeavesItsDirectory) {
  EXPECT_EQ(file_name_of("../x"), "%2e%2e.x");
  EXPECT_EQ(file_name_of("a\n\xc3\xa4"), "a%0a%c3%a4");
}

TEST(FileName, IsBoundedAndStaysUnique) {
  const std::string long_path(5000, 'x');
  EXPECT_EQ(file_name_of(long_path).size(), 200u);
  EXPECT_NE(file_name_of(long_path + "1"), file_name_of(long_path + "2"));
  EXPECT_NE(file_name_of(long_path), file_name_of(file_name_of(long_path)));
  // Names outlive the program: this one must never change.
  EXPECT_EQ(file_name_of(std::string(201, 'a')), std::string(167, 'a') + "~bde41bf94e191fa507fd06b2a4e7d57c");
}

TEST(FileName, IsNeverTheSameForTwoPaths) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE(seed);
  std::mt19937 random{seed};
  const std::string letters = "ab./%2e~\n";
  std::set<std::string> paths;
  std::set<std::string> names;
  for (int i = 0; i < 20'000; ++i) {
    std::string path(random() % 8, ' ');
    for (char& c : path) c = letters[random() % letters.size()];
    if (paths.insert(path).second) {
      EXPECT_TRUE(names.insert(file_name_of(path)).second) << path;
    }
  }
}

class RotationTest : public testing::Test {
 protected:
  RotationTest() : dir(::open(directory.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {}

  int rotate(unsigned files) { return rotate_files(real_rename, dir.get(), "x.log", files); }
  void make(const std::string& name) { put(directory.path(name), name); }
  // Which former file is at each place; "" for none.
  std::vector<std::string> order(int count) {
    std::vector<std::string> found{contents(directory.path("x.log"))};
    for (int i = 1; i <= count; ++i) found.push_back(contents(directory.path("x.log." + std::to_string(i))));
    return found;
  }

  TemporaryDirectory directory;
  UniqueFd dir;
};

TEST_F(RotationTest, MovesEveryFileOnePlaceOn) {
  for (const char* name : {"x.log", "x.log.1", "x.log.2", "x.log.3"}) make(name);
  EXPECT_EQ(rotate(3), 0);
  EXPECT_THAT(order(4), ElementsAre("", "x.log", "x.log.1", "x.log.2", ""));
}

TEST_F(RotationTest, ClosesAGapBeforeItGivesUpTheOldest) {
  for (const char* name : {"x.log", "x.log.1", "x.log.3"}) make(name);
  EXPECT_EQ(rotate(3), 0);
  EXPECT_THAT(order(3), ElementsAre("", "x.log", "x.log.1", "x.log.3"));
}

TEST_F(RotationTest, KeepsNothingWhenNothingShallBeKept) {
  make("x.log");
  EXPECT_EQ(rotate(0), 0);
  EXPECT_EQ(rotate(0), 0);
  EXPECT_THAT(order(1), ElementsAre("", ""));
}

TEST_F(RotationTest, StopsBeforeItOverwritesWhatItCouldNotMove) {
  for (const char* name : {"x.log", "x.log.1"}) make(name);
  for (const std::string victim : {"x.log.1", "x.log"}) {
    const auto failing = [&](int in, const char* from, const char* to) {
      if (from != victim) return real_rename(in, from, to);
      errno = EIO;
      return -1;
    };
    EXPECT_EQ(rotate_files(failing, dir.get(), "x.log", 3), EIO);
    EXPECT_EQ(contents(directory.path("x.log")), "x.log");
  }
  EXPECT_THAT(order(2), ElementsAre("x.log", "", "x.log.1"));
}

// A FIFO with us on both ends, and a directory for logs.
class LogFileTest : public testing::Test {
 protected:
  LogFileTest() : dir(::open(directory.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {
    place.dir = dir.get();
    place.max_bytes = 100;
    place.files = 5;
    place.line_bytes_max = 50;
    fifo = std::move(*open_fifo(place.calls, dir.get(), "fifo", std::nullopt, 0));
    EXPECT_EQ(place.intake->make(), 0);
  }
  void print(const std::string& text) const {
    ASSERT_EQ(::write(fifo.get(), text.data(), text.size()), static_cast<ssize_t>(text.size()));
  }
  LogFile open_log() { return std::move(*LogFile::open(place, "x.log", LogFile::Time{})); }

  TemporaryDirectory directory;
  UniqueFd dir;
  LogPlace place;
  UniqueFd fifo;
};

TEST_F(LogFileTest, ALookTakesNothing) {
  print("some\nlines\n");
  FifoPeek peek;
  EXPECT_EQ(peek.look(fifo.get()), "some\nlines\n");
  EXPECT_EQ(peek.look(fifo.get()), "some\nlines\n");
  EXPECT_EQ(bytes_waiting(fifo.get()), 11u);
}

TEST_F(LogFileTest, AnEmptyFifoShowsNothing) {
  FifoPeek peek;
  EXPECT_EQ(peek.look(fifo.get()), "");
}

TEST_F(LogFileTest, AnEarlierFileIsContinued) {
  put(directory.path("x.log"), "before\n");
  print("after\n");
  LogFile log = open_log();
  EXPECT_EQ(log.pour(fifo.get(), 1000).bytes, 6u);
  EXPECT_EQ(contents(directory.path("x.log")), "before\nafter\n");
}

TEST_F(LogFileTest, NoMoreIsMovedThanAskedFor) {
  print("0123456789");
  LogFile log = open_log();
  EXPECT_EQ(log.pour(fifo.get(), 4).bytes, 4u);
  EXPECT_EQ(bytes_waiting(fifo.get()), 6u);
}

TEST_F(LogFileTest, AFileThatIsExactlyFullOfWholeLinesIsRotatedByTheNextLine) {
  LogFile log = open_log();
  const std::string full = std::string(99, 'a') + "\n";
  print(full);
  EXPECT_EQ(log.pour(fifo.get(), 1000).bytes, 100u);
  EXPECT_TRUE(log.pour(fifo.get(), 1000).empty);
  EXPECT_FALSE(std::filesystem::exists(directory.path("x.log.1")));
  print("next\n");
  log.pour(fifo.get(), 1000);
  EXPECT_THAT(log_files(directory.path("x.log")), ElementsAre(full, "next\n"));
}

TEST_F(LogFileTest, ALineOfExactlyTheBoundIsKeptWhole) {
  LogFile log = open_log();
  const std::string line = std::string(149, 'a') + "\n";  // 100 until rotation is due, and 50 more
  print(line + "next\n");
  while (!log.pour(fifo.get(), 1000).empty) {
  }
  EXPECT_THAT(log_files(directory.path("x.log")), ElementsAre(line, "next\n"));
}

TEST_F(LogFileTest, AFileThatWasTruncatedIsContinuedAtItsEnd) {
  LogFile log = open_log();
  print("gone\n");
  log.pour(fifo.get(), 1000);
  std::filesystem::resize_file(directory.path("x.log"), 0);
  EXPECT_TRUE(log.still_there(LogFile::Time{} + LogFile::look_interval));
  print("kept\n");
  log.pour(fifo.get(), 1000);
  EXPECT_EQ(contents(directory.path("x.log")), "kept\n");
}

TEST_F(LogFileTest, AFileThatWasMovedOrRemovedIsNoticedAtTheNextLook) {
  LogFile log = open_log();
  std::filesystem::rename(directory.path("x.log"), directory.path("moved"));
  EXPECT_TRUE(log.still_there(LogFile::Time{} + LogFile::look_interval / 2));
  EXPECT_FALSE(log.still_there(LogFile::Time{} + LogFile::look_interval));
}

TEST_F(LogFileTest, WhatIsNoFileIsNoLog) {
  std::filesystem::create_directory(directory.path("x.log"));
  EXPECT_EQ(LogFile::open(place, "x.log", {}).error(), EISDIR);
  EXPECT_EQ(LogFile::open(place, "fifo", {}).error(), EINVAL);
}

TEST_F(LogFileTest, TheCacheClosesTheLogThatWasUsedLongestAgo) {
  LogFileCache cache{place, 2};
  std::array<LogFileCache::Ticket, 3> tickets{-1, -1, -1};
  ASSERT_TRUE(cache.get(tickets[0], "a"));
  ASSERT_TRUE(cache.get(tickets[1], "b"));
  ASSERT_TRUE(cache.get(tickets[0], "a"));
  ASSERT_TRUE(cache.get(tickets[2], "c"));
  EXPECT_NE(tickets[0], LogFileCache::none);
  EXPECT_EQ(tickets[1], LogFileCache::none);
  EXPECT_NE(tickets[2], LogFileCache::none);
  cache.drop_all();
  EXPECT_EQ(tickets[0], LogFileCache::none);
}

TEST_F(LogFileTest, TheCacheMakesRoomWhenDescriptorsRunOut) {
  int failures = 0;
  place.calls.openat = [&failures, real = place.calls.openat](int in, const char* name, int flags,
                                                              mode_t mode) {
    if (std::string{name} == "b.log" && failures++ == 0) {
      errno = EMFILE;
      return -1;
    }
    return real(in, name, flags, mode);
  };
  LogFileCache cache{place, 8};
  LogFileCache::Ticket a = LogFileCache::none;
  LogFileCache::Ticket b = LogFileCache::none;
  ASSERT_TRUE(cache.get(a, "a"));
  EXPECT_TRUE(cache.get(b, "b"));
  EXPECT_EQ(a, LogFileCache::none);
}

class TailTest : public testing::Test {
 protected:
  std::string tail(std::size_t lines, std::size_t bytes = 4096) {
    return last_lines(directory.path("x"), lines, bytes);
  }
  TemporaryDirectory directory;
};

TEST_F(TailTest, IsTheLastLines) {
  put(directory.path("x"), "a\nb\nc\n");
  EXPECT_EQ(tail(2), "b\nc\n");
  EXPECT_EQ(tail(3), "a\nb\nc\n");
  EXPECT_EQ(tail(9), "a\nb\nc\n");
  EXPECT_EQ(tail(0), "");
}

TEST_F(TailTest, CountsAnUnfinishedLine) {
  put(directory.path("x"), "a\nb");
  EXPECT_EQ(tail(1), "b");
}

TEST_F(TailTest, GoesOnInTheFileBefore) {
  put(directory.path("x.1"), "a\nb\n");
  put(directory.path("x"), "c\n");
  EXPECT_EQ(tail(2), "b\nc\n");
  EXPECT_EQ(tail(3), "a\nb\nc\n");
}

TEST_F(TailTest, IsBoundedAndBeginsWithAWholeLine) {
  put(directory.path("x"), std::string(1000, 'x') + "\nlast\n");
  EXPECT_EQ(tail(2, 100), "last\n");
  put(directory.path("x"), std::string(1000, 'x'));
  EXPECT_EQ(tail(2, 100), std::string(100, 'x'));
}

TEST_F(TailTest, OfNoFileIsEmpty) {
  EXPECT_EQ(tail(5), "");
}

}  // namespace
}  // namespace simplevisor::runtime::test
