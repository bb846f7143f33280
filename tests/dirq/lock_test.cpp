// tests/dirq/lock_test.cpp
//
// Locks, and every race around them that can be made to happen: the hook runs what the other process does between two
// of our system calls.
#include "workers/dirq/lock.hpp"

#include <gmock/gmock.h>

#include <optional>

#include "tests/dirq/support.hpp"

namespace simplevisor::dirq {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing_support::QueueTest;
namespace fs = std::filesystem;

TEST_F(QueueTest, ALinkInPlaceOfAnElementIsLockedAndMovedWithoutTouchingWhatItPointsAt) {
  Queue queue = open();
  const fs::path victim = path.string() + ".victim";
  write(victim, "not ours");
  age(victim, std::chrono::hours(1));
  const auto time = fs::last_write_time(victim);
  fs::create_directories(path / "00000001");
  fs::create_symlink(victim, path / "00000001/00000000000001");
  fs::create_symlink("/nowhere", path / "00000001/00000000000002");
  Queue dead = Queue::open(path.string() + ".dead").value();
  for (const std::uint64_t element : {1, 2}) {
    Lock lock = queue.lock({1, element}).value();
    EXPECT_FALSE(lock.get());
    EXPECT_TRUE(queue.move(lock, dead));
  }
  EXPECT_EQ(fs::last_write_time(victim), time);
  EXPECT_EQ(queue.count().value(), 0U);
}

TEST_F(QueueTest, APipeInPlaceOfAnElementIsMovedToAnotherFilesystemWithoutWaiting) {
  Queue queue = open({.system = &system});
  fs::create_directories(path / "00000001");
  ASSERT_EQ(::mkfifo((path / "00000001/00000000000001").c_str(), 0600), 0);
  Queue dead = Queue::open(path.string() + ".dead", {.system = &system}).value();
  Lock lock = queue.lock({1, 1}).value();
  system.fail("rename", EXDEV);
  EXPECT_TRUE(queue.move(lock, dead));
  EXPECT_EQ(dead.count().value(), 1U);
}

TEST_F(QueueTest, ALockIsASecondLinkAndItsTakingRenewsTheTime) {
  Queue queue = open();
  const ElementName name = queue.add("x").value();
  age(file(name), std::chrono::hours(1));
  const Lock lock = queue.lock(name).value();
  EXPECT_TRUE(fs::equivalent(file(name), file(name, ".lck")));
  EXPECT_GT(fs::last_write_time(file(name)), fs::file_time_type::clock::now() - std::chrono::minutes(1));
  EXPECT_EQ(lock.path(), file(name, ".lck").string());
  EXPECT_EQ(queue.get_path(name), lock.path());
}

TEST_F(QueueTest, ALockHandleUnlocksWhenItGoesOutOfScope) {
  Queue queue = open();
  const ElementName name = queue.add("x").value();
  {
    const Lock lock = queue.lock(name).value();
    EXPECT_EQ(queue.lock(name).error().code, Errc::busy);
  }
  EXPECT_THAT(files(), ElementsAre(name.str()));
}

TEST_F(QueueTest, ALockHandleMayOutliveItsQueueAndMove) {
  std::optional<Queue> queue = open();
  const ElementName first = queue->add("1").value();
  const ElementName second = queue->add("2").value();
  Lock one = queue->lock(first).value();
  Lock two = queue->lock(second).value();
  queue.reset();
  one = std::move(two);  // gives the first back
  EXPECT_FALSE(fs::exists(file(first, ".lck")));
  EXPECT_EQ(one.name(), second);
  EXPECT_EQ(one.get().value(), "2");
  EXPECT_TRUE(one.remove());
  EXPECT_FALSE(one.armed());
  EXPECT_THAT(files(), ElementsAre(first.str()));
}

TEST_F(QueueTest, AReleasedLockStaysOnDiskAndWorksByName) {
  Queue queue = open();
  const ElementName name = queue.add("x").value();
  {
    queue.lock(name).value().release();
  }
  EXPECT_TRUE(fs::exists(file(name, ".lck")));
  EXPECT_EQ(queue.get(name).value(), "x");
  EXPECT_TRUE(queue.touch(name));
  EXPECT_TRUE(queue.remove(name));
  EXPECT_THAT(files(), IsEmpty());
}

TEST_F(QueueTest, ReadingNeedsTheLock) {
  Queue queue = open();
  const ElementName name = queue.add("x").value();
  EXPECT_EQ(queue.get(name).error().code, Errc::gone);
  EXPECT_EQ(queue.unlock(name).error().code, Errc::gone);
}

TEST_F(QueueTest, ReadingIsBounded) {
  Queue queue = open();
  const Lock lock = queue.lock(queue.add(std::string(100, 'x')).value()).value();
  EXPECT_EQ(lock.get(99).error().code, Errc::too_large);
  EXPECT_EQ(lock.get(100).value().size(), 100U);
  EXPECT_EQ(lock.size().value(), 100U);
}

TEST_F(QueueTest, AFileThatShrankOrGrewIsReadAsItIs) {
  Queue queue = open();
  const ElementName name = queue.add(std::string(100, 'x')).value();
  const Lock lock = queue.lock(name).value();
  fs::resize_file(file(name), 10);
  EXPECT_EQ(lock.get().value().size(), 10U);
  fs::resize_file(file(name), 200'000);
  EXPECT_EQ(lock.get().value().size(), 200'000U);
  EXPECT_EQ(lock.get(150'000).error().code, Errc::too_large);
}

TEST_F(QueueTest, LockingWhatIsNotThereFailsAsGone) {
  Queue queue = open();
  const ElementName name = queue.add("x").value();
  drain(queue);
  EXPECT_EQ(queue.lock(name).error().code, Errc::gone);
  EXPECT_EQ(queue.lock({1, 1}).error().code, Errc::gone);
  EXPECT_EQ(queue.size(name).error().code, Errc::gone);
}

TEST_F(QueueTest, AnOwnerThatRemovesWhileWeLockLeavesUsNothing) {
  Queue queue = open({.system = &system});
  const ElementName name = queue.add("x").value();
  system.after = [&](std::string_view call) {
    if (call == "link") fs::remove(file(name));
  };
  EXPECT_EQ(queue.lock(name).error().code, Errc::gone);
  EXPECT_THAT(files(), IsEmpty());
}

TEST_F(QueueTest, ALockBrokenWhileItIsBeingTakenIsNoLock) {
  Queue queue = open({.system = &system});
  const ElementName name = queue.add("x").value();
  system.after = [&](std::string_view call) {
    if (call == "utime") fs::remove(file(name, ".lck"));
  };
  EXPECT_EQ(queue.lock(name).error().code, Errc::busy);
  EXPECT_THAT(files(), ElementsAre(name.str()));
}

TEST_F(QueueTest, ABrokenLockIsReportedAndTheElementStays) {
  Queue queue = open();
  const ElementName name = queue.add("x").value();
  Lock lock = queue.lock(name).value();
  fs::remove(file(name, ".lck"));
  EXPECT_EQ(lock.remove().error().code, Errc::lost_lock);
  EXPECT_FALSE(lock.armed());
  EXPECT_THAT(files(), ElementsAre(name.str()));
}

TEST_F(QueueTest, ALockTakenByAnotherAfterItWasBrokenIsNotTouched) {
  Queue queue = open();
  const ElementName name = queue.add("x").value();
  for (const auto& act :
       {+[](Lock& lock) { return lock.remove(); }, +[](Lock& lock) { return lock.unlock(); },
        +[](Lock& lock) { return lock.touch(); }, +[](Lock& lock) { return lock.verify(); }}) {
    Lock lock = queue.lock(name).value();
    age(file(name), std::chrono::hours(1));
    fs::remove(file(name, ".lck"));
    const Lock others = queue.lock(name).value();
    const auto error = act(lock).error();
    EXPECT_EQ(error.code, Errc::lost_lock);
    EXPECT_THAT(error.message, HasSubstr(name.str()));
    EXPECT_FALSE(lock.armed());
    EXPECT_TRUE(fs::exists(file(name, ".lck")));
    EXPECT_TRUE(fs::exists(file(name)));
  }
}

TEST_F(QueueTest, AHandleWhoseLockWasRetakenDoesNotUnlockTheOther) {
  Queue queue = open();
  const ElementName name = queue.add("x").value();
  std::optional<Lock> lock = queue.lock(name).value();
  fs::remove(file(name, ".lck"));
  const Lock others = queue.lock(name).value();
  lock.reset();
  EXPECT_TRUE(fs::exists(file(name, ".lck")));
}

TEST_F(QueueTest, AWriterDroppingItsTemporaryAfterWeLockedDoesNotCostTheLock) {
  // Other implementations publish by link and unlink, and the unlink changes the inode's change time.
  Queue queue = open();
  const ElementName name = queue.add("x").value();
  fs::create_hard_link(file(name), file(name, ".tmp"));
  Lock lock = queue.lock(name).value();
  fs::remove(file(name, ".tmp"));
  EXPECT_TRUE(lock.remove());
}

TEST_F(QueueTest, RenewingKeepsTheLockOursAndYoung) {
  Queue queue = open();
  const ElementName name = queue.add("x").value();
  Lock lock = queue.lock(name).value();
  ASSERT_TRUE(lock.touch());
  EXPECT_TRUE(lock.verify());
  EXPECT_EQ(queue.purge({.maxlock = std::chrono::seconds(100)}).value().locks, 0U);
  EXPECT_TRUE(lock.remove());
}

TEST_F(QueueTest, WithoutVerificationTheReferencesBehaviourIsKept) {
  Queue queue = open({.verify_locks = false});
  const ElementName name = queue.add("x").value();
  Lock lock = queue.lock(name).value();
  fs::remove(file(name, ".lck"));
  const Lock others = queue.lock(name).value();
  EXPECT_EQ(lock.size().value(), 1U);
  EXPECT_EQ(lock.get().value(), "x");
  EXPECT_TRUE(lock.remove());
  EXPECT_THAT(files(), IsEmpty());
}

TEST_F(QueueTest, RemovingWithoutAnElementStillRemovesTheLockAndSaysSo) {
  Queue queue = open();
  const ElementName name = queue.add("x").value();
  Lock lock = queue.lock(name).value();
  fs::remove(file(name));
  EXPECT_EQ(lock.remove().error().code, Errc::gone);
  EXPECT_THAT(files(), IsEmpty());
}

TEST_F(QueueTest, MovingIntoAQueueThatWasRemovedKeepsTheLock) {
  Queue queue = open();
  const std::string elsewhere = testing::TempDir() + "removed-target-" + std::to_string(::getpid());
  Queue target = Queue::open(elsewhere).value();
  fs::remove_all(elsewhere);
  Lock lock = queue.lock(queue.add("x").value()).value();
  const auto moved = queue.move(lock, target);
  ASSERT_FALSE(moved);
  EXPECT_EQ(moved.error().code, Errc::no_queue);
  EXPECT_THAT(moved.error().message, testing::HasSubstr(elsewhere));
  EXPECT_TRUE(lock.armed());
  EXPECT_TRUE(lock.unlock());
}

TEST_F(QueueTest, RemoveDropsTheElementBeforeItsLock) {
  Queue queue = open({.system = &system});
  const ElementName name = queue.add("x").value();
  Lock lock = queue.lock(name).value();
  std::vector<std::string> left;
  system.after = [&](std::string_view call) {
    if (call == "unlink" && left.empty()) left = files();
  };
  ASSERT_TRUE(lock.remove());
  EXPECT_THAT(left, ElementsAre(name.str() + ".lck"));
}

TEST_F(QueueTest, ALockedElementMovesToAnotherQueueInOneStep) {
  Queue queue = open();
  Queue dead = Queue::open((root / "dead").string()).value();
  const ElementName name = queue.add("poison").value();
  Lock lock = queue.lock(name).value();
  ASSERT_TRUE(queue.move(lock, dead));
  EXPECT_FALSE(lock.armed());
  EXPECT_THAT(files(), IsEmpty());
  EXPECT_THAT(drain(dead), ElementsAre("poison"));
}

TEST_F(QueueTest, AcrossFilesystemsALockedElementIsCopiedFirst) {
  Queue queue = open();
  testing_support::HookedSystem other;
  other.fail("rename", EXDEV);
  Queue dead = Queue::open((root / "dead").string(), {.system = &other}).value();
  Lock lock = queue.lock(queue.add("poison").value()).value();
  ASSERT_TRUE(queue.move(lock, dead));
  EXPECT_THAT(files(), IsEmpty());
  EXPECT_THAT(drain(dead), ElementsAre("poison"));
}

TEST_F(QueueTest, AMoveThatFailsLeavesTheElementLockedAndOurs) {
  Queue queue = open();
  testing_support::HookedSystem other;
  Queue dead = Queue::open((root / "dead").string(), {.system = &other}).value();
  other.fail_always("rename", ENOSPC);
  const ElementName name = queue.add("poison").value();
  Lock lock = queue.lock(name).value();
  EXPECT_EQ(queue.move(lock, dead).error().code, Errc::no_space);
  EXPECT_TRUE(lock.armed());
  EXPECT_EQ(lock.get().value(), "poison");
  EXPECT_EQ(dead.count().value(), 0U);
}

TEST_F(QueueTest, AMoveWithALostLockChangesNothing) {
  Queue queue = open();
  Queue dead = Queue::open((root / "dead").string()).value();
  const ElementName name = queue.add("poison").value();
  Lock lock = queue.lock(name).value();
  fs::remove(file(name, ".lck"));
  EXPECT_EQ(queue.move(lock, dead).error().code, Errc::lost_lock);
  EXPECT_EQ(queue.count().value(), 1U);
  EXPECT_EQ(dead.count().value(), 0U);
}

TEST_F(QueueTest, QuarantineKeepsTheElementAndTheReasonOutOfEverybodysSight) {
  Queue queue = open();
  Lock lock = queue.lock(queue.add("garbage").value()).value();
  const std::string stem = lock.name().str().replace(8, 1, "-");
  const std::string where = queue.quarantine(lock, "not a message").value();
  EXPECT_FALSE(lock.armed());
  EXPECT_EQ(where, (path / "corrupt" / stem).string());
  EXPECT_EQ(content(where), "garbage");
  EXPECT_EQ(content(where + ".reason"), "not a message\n");
  EXPECT_EQ(queue.count().value(), 0U);
}

TEST_F(QueueTest, QuarantineNeverReplacesWhatIsThere) {
  Queue queue = open();
  Lock lock = queue.lock(queue.add("second").value()).value();
  const std::string stem = lock.name().str().replace(8, 1, "-");
  fs::create_directory(path / "corrupt");
  write(path / "corrupt" / stem, "first");
  EXPECT_EQ(queue.quarantine(lock, "again").value(), (path / "corrupt" / (stem + ".1")).string());
  EXPECT_EQ(content(path / "corrupt" / stem), "first");
}

}  // namespace
}  // namespace simplevisor::dirq
