// tests/dirq/spares_test.cpp
//
// Inode recycling: what is recycled, what never is, and that nobody ever reads one message through another's file.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/dirq/support.hpp"
#include "workers/dirq/queue.hpp"

namespace simplevisor::dirq {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing_support::QueueTest;
namespace fs = std::filesystem;
using namespace std::chrono_literals;

class SparesTest : public QueueTest {
 protected:
  static ino_t inode(const fs::path& of) {
    struct stat status{};
    EXPECT_EQ(::stat(of.c_str(), &status), 0) << of;
    return status.st_ino;
  }
  static void take(Queue& queue, const ElementName& name) { EXPECT_TRUE(queue.lock(name).value().remove()); }
  [[nodiscard]] Queue recycling(std::size_t spares = 4) {
    return open({.recycle = spares, .system = &system});
  }
  [[nodiscard]] std::vector<std::string> pool() const {
    std::vector<std::string> names;
    for (const std::string& name : files()) {
      if (name.starts_with(".spare/")) names.push_back(name);
    }
    return names;
  }
};

TEST_F(SparesTest, ARemovedElementsInodeServesTheNextAdd) {
  Queue queue = recycling();
  const ElementName first = queue.add("a long first content").value();
  const ino_t used = inode(file(first));
  take(queue, first);
  EXPECT_EQ(queue.stat().value().spares, 1U);
  const ElementName second = queue.add("second").value();
  EXPECT_EQ(inode(file(second)), used);
  EXPECT_EQ(content(file(second)), "second");
  EXPECT_THAT(pool(), IsEmpty());
}

TEST_F(SparesTest, NothingOfARemovedElementStaysOnDisk) {
  Queue queue = recycling();
  take(queue, queue.add("secret").value());
  ASSERT_EQ(pool().size(), 1U);
  EXPECT_EQ(content(path / pool().front()), "");
}

TEST_F(SparesTest, ThePoolIsBounded) {
  Queue queue = recycling(3);
  std::vector<ElementName> names;
  for (int i = 0; i < 10; ++i) names.push_back(queue.add("x").value());
  for (const ElementName& name : names) take(queue, name);
  EXPECT_EQ(pool().size(), 3U);
  EXPECT_EQ(queue.count().value(), 0U);
}

TEST_F(SparesTest, WithoutTheOptionNothingIsKept) {
  Queue queue = open();
  take(queue, queue.add("x").value());
  EXPECT_FALSE(fs::exists(path / ".spare"));
}

TEST_F(SparesTest, AFileTakenOverByPathIsNeverRecycled) {
  Queue queue = recycling();
  write(root / "message", "theirs");
  take(queue, queue.add_path((root / "message").string()).value());
  EXPECT_THAT(files(), IsEmpty());
}

TEST_F(SparesTest, AnElementOfAPeerIsNeverRecycled) {
  Queue queue = recycling();
  Queue peer = open();
  take(queue, peer.add("x").value());
  EXPECT_THAT(files(), IsEmpty());
}

TEST_F(SparesTest, LargeElementsAreNotRecycled) {
  Queue queue = recycling();
  take(queue, queue.add(std::string(100'000, 'x')).value());
  EXPECT_THAT(files(), IsEmpty());
}

TEST_F(SparesTest, AFileThatSomebodyStillReadsKeepsItsContent) {
  // A handler that was given the path, a taker whose lock was broken: they have the file open.
  Queue queue = recycling();
  const ElementName name = queue.add("first").value();
  Lock lock = queue.lock(name).value();
  const int reader = ::open(lock.path().c_str(), O_RDONLY | O_CLOEXEC);
  ASSERT_TRUE(lock.remove());
  EXPECT_THAT(files(), IsEmpty()) << "a file open elsewhere was kept as a spare";
  ASSERT_TRUE(queue.add("second"));
  char buffer[16] = {};
  EXPECT_EQ(::pread(reader, buffer, sizeof buffer, 0), 5);
  EXPECT_STREQ(buffer, "first");
  ::close(reader);
}

TEST_F(SparesTest, ASpareOpenedByAnotherIsNotUsed) {
  Queue queue = recycling();
  take(queue, queue.add("x").value());
  const int reader = ::open((path / pool().front()).c_str(), O_RDONLY | O_CLOEXEC);
  const ElementName name = queue.add("second").value();
  char byte = 0;
  EXPECT_EQ(::pread(reader, &byte, 1, 0), 0);
  ::close(reader);
  EXPECT_EQ(content(file(name)), "second");
}

TEST_F(SparesTest, AFileWithAnotherLinkIsNotRecycled) {
  Queue queue = recycling();
  const ElementName name = queue.add("kept").value();
  fs::create_hard_link(file(name), root / "backup");
  take(queue, name);
  EXPECT_THAT(files(), IsEmpty());
  ASSERT_TRUE(queue.add("second"));
  EXPECT_EQ(content(root / "backup"), "kept");
}

TEST_F(SparesTest, ASpareLinkedElsewhereIsNotUsed) {
  Queue queue = recycling();
  take(queue, queue.add("x").value());
  fs::create_hard_link(path / pool().front(), root / "mine");
  ASSERT_TRUE(queue.add("second"));
  EXPECT_EQ(content(root / "mine"), "");
}

TEST_F(SparesTest, AnElementWithAnotherModeIsNotRecycled) {
  Queue queue = recycling();
  const ElementName name = queue.add("x").value();
  fs::permissions(file(name), fs::perms(0600));
  take(queue, name);
  EXPECT_THAT(files(), IsEmpty());
}

TEST_F(SparesTest, WhatWasPlantedInThePoolIsNotUsed) {
  Queue queue = recycling();
  fs::create_directory(path / ".spare");
  write(path / ".spare" / "0000", "");
  fs::create_symlink(root / "victim", path / ".spare" / "0001");
  fs::create_directory(path / ".spare" / "0002");
  write(root / "victim", "untouched");
  for (int i = 0; i < 4; ++i) ASSERT_TRUE(queue.add("x"));
  EXPECT_THAT(drain(queue), ElementsAre("x", "x", "x", "x"));
  EXPECT_EQ(content(root / "victim"), "untouched");
}

// The kernel looks the element up, a faster taker removes it, and only then the link is made: to an inode that
// lives on as a spare.
TEST_F(SparesTest, ALinkToAnInodeThatHasBecomeASpareIsNoLock) {
  Queue queue = recycling();
  take(queue, queue.add("makes the pool").value());
  const ElementName name = queue.add("x").value();
  system.before = [&](std::string_view call) {
    if (call == "open" && fs::exists(file(name))) fs::rename(file(name), path / ".spare/0000");
    return 0;
  };
  EXPECT_EQ(queue.lock(name).error().code, Errc::gone);
  EXPECT_THAT(files(), ElementsAre(".spare/0000"));
}

TEST_F(SparesTest, AnUnfinishedSpareOfACrashedWriterIsPurgedWhenItIsOld) {
  Queue queue = recycling();
  fs::create_directory(path / ".spare");
  write(path / ".spare" / "00000000000001.tmp", "half");
  ASSERT_TRUE(queue.purge());
  EXPECT_EQ(pool().size(), 1U);
  system.clock = [] {
    timespec now{};
    ::clock_gettime(CLOCK_REALTIME, &now);
    now.tv_sec += 301;
    return now;
  };
  EXPECT_EQ(queue.purge().value().temporaries, 1U);
  EXPECT_THAT(pool(), IsEmpty());
}

TEST_F(SparesTest, ThePoolMayBeDeletedAtAnyTime) {
  Queue queue = recycling();
  take(queue, queue.add("1").value());
  fs::remove_all(path / ".spare");
  take(queue, queue.add("2").value());
  bool removed = false;
  system.before = [&](std::string_view call) {
    if (call == "write" && !std::exchange(removed, true)) fs::remove_all(path / ".spare");
    return 0;
  };
  ASSERT_TRUE(queue.add("3"));
  EXPECT_TRUE(removed);
  EXPECT_THAT(drain(queue), ElementsAre("3"));
}

TEST_F(SparesTest, AFilesystemThatCannotRecycleIsUsedWithout) {
  for (const std::string call : {"set_mark", "only_opener"}) {
    system.fail_always(call, EOPNOTSUPP);
    Queue queue = recycling();
    for (int i = 0; i < 3; ++i) take(queue, queue.add("x").value());
    EXPECT_THAT(pool(), IsEmpty()) << call;
    EXPECT_EQ(queue.count().value(), 0U);
  }
}

TEST_F(SparesTest, EveryFailingCallAroundThePoolIsSurvived) {
  for (const std::string call :
       {"open", "fstat", "stat", "rename", "ftruncate", "unlink", "mkdir", "getdents"}) {
    for (int nth = 1; nth <= 6; ++nth) {
      fs::remove_all(path);
      Queue queue = recycling();
      const ElementName name = queue.add("1").value();
      Lock lock = queue.lock(name).value();
      system.fail(call, EIO, nth);
      const bool removed = lock.remove().has_value();
      const bool added = queue.add("2").has_value();
      system.before = [](std::string_view) { return 0; };
      if (lock.armed()) {
        EXPECT_TRUE(lock.unlock());
      }
      std::vector<std::string> there = drain(queue);
      EXPECT_EQ(std::ranges::count(there, "2"), added ? 1 : 0) << call << nth;
      if (removed) {
        EXPECT_EQ(std::ranges::count(there, "1"), 0) << call << nth;
      }
    }
  }
}

TEST_F(SparesTest, ADurableBatchMayUseSpares) {
  Queue queue = open({.durability = Durability::full, .recycle = 4});
  take(queue, queue.add("1").value());
  ASSERT_TRUE(queue.add("2"));
  EXPECT_THAT(drain(queue), ElementsAre("2"));
}

}  // namespace
}  // namespace simplevisor::dirq
