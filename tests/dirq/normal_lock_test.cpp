// tests/dirq/normal_lock_test.cpp
//
// Locks of normal queues, and every race around them that can be made to happen: the hook runs what the other process
// does between two of our system calls.
#include "workers/dirq/normal/lock.hpp"

#include <gmock/gmock.h>

#include <functional>
#include <optional>
#include <utility>

#include "tests/dirq/normal_support.hpp"

namespace simplevisor::dirq {
namespace {

using testing::IsEmpty;
using testing_support::message;
using testing_support::NormalTest;
using testing_support::text_of;
namespace fs = std::filesystem;
using namespace std::chrono_literals;

TEST_F(NormalTest, ALockIsADirectoryAndItsTakingRenewsTheTime) {
  NormalQueue queue = open_normal();
  const ElementName name = queue.add(message("x")).value();
  age(path / name.str(), 1h);
  const auto young = [&] {
    return fs::last_write_time(path / name.str()) > fs::file_time_type::clock::now() - 1min;
  };
  NormalLock lock = queue.lock(name).value();
  EXPECT_TRUE(on_disk(name, "locked"));
  EXPECT_TRUE(young());
  EXPECT_EQ(queue.lock(name).error().code, Errc::busy);
  age(path / name.str(), 1h);
  ASSERT_TRUE(lock.touch());
  EXPECT_TRUE(young());
  EXPECT_TRUE(lock.verify());
  ASSERT_TRUE(lock.unlock());
  EXPECT_FALSE(lock.armed());
  EXPECT_FALSE(on_disk(name, "locked"));
}

TEST_F(NormalTest, ALockHandleUnlocksAndMayOutliveItsQueueAndMove) {
  std::optional<NormalQueue> queue = open_normal();
  const ElementName first = queue->add(message("1")).value();
  const ElementName second = queue->add(message("2")).value();
  NormalLock one = queue->lock(first).value();
  NormalLock two = queue->lock(second).value();
  queue.reset();
  one = std::move(two);  // gives the first back
  EXPECT_FALSE(on_disk(first, "locked"));
  EXPECT_EQ(one.name(), second);
  EXPECT_EQ(text_of(one.get().value()), "2");
  EXPECT_TRUE(one.remove());
  EXPECT_FALSE(one.armed());
  EXPECT_FALSE(on_disk(second));
}

TEST_F(NormalTest, AReleasedLockStaysOnDiskAndWorksByName) {
  NormalQueue queue = open_normal();
  const ElementName name = queue.add(message("x")).value();
  queue.lock(name).value().release();
  EXPECT_TRUE(on_disk(name, "locked"));
  EXPECT_EQ(text_of(queue.get(name).value()), "x");
  EXPECT_TRUE(queue.touch(name));
  EXPECT_TRUE(queue.remove(name));
  EXPECT_FALSE(on_disk(name));
}

TEST_F(NormalTest, WithoutALockThereIsNeitherReadingNorRemoving) {
  NormalQueue queue = open_normal();
  const ElementName name = queue.add(message("x")).value();
  EXPECT_EQ(queue.get(name).error().code, Errc::gone);
  EXPECT_EQ(queue.remove(name).error().code, Errc::gone);
  EXPECT_EQ(queue.unlock(name).error().code, Errc::gone);
  EXPECT_TRUE(on_disk(name));
  EXPECT_EQ(queue.lock({7, 7}).error().code, Errc::gone);
  EXPECT_EQ(queue.size({7, 7}).error().code, Errc::gone);
}

TEST_F(NormalTest, ABrokenLockIsNoticedBeforeAnythingIsChanged) {
  using Act = std::function<Result<void>(NormalQueue&, NormalLock&)>;
  const std::vector<Act> acts{[](NormalQueue&, NormalLock& lock) { return lock.remove(); },
                              [](NormalQueue&, NormalLock& lock) { return lock.unlock(); },
                              [](NormalQueue&, NormalLock& lock) { return lock.touch(); },
                              [](NormalQueue&, NormalLock& lock) { return lock.verify(); },
                              [](NormalQueue& queue, NormalLock& lock) -> Result<void> {
                                if (auto moved = queue.quarantine(lock, "why"); !moved)
                                  return std::unexpected(moved.error());
                                return {};
                              }};
  for (const Act& act : acts) {
    NormalQueue queue = open_normal();
    const ElementName name = queue.add(message("x")).value();
    NormalLock lock = queue.lock(name).value();
    age(path / name.str() / "locked", 1h);  // it was made long ago, by the clock
    EXPECT_EQ(lock.get().error().code, Errc::lost_lock);
    EXPECT_EQ(act(queue, lock).error().code, Errc::lost_lock);
    EXPECT_FALSE(lock.armed());
    EXPECT_TRUE(on_disk(name, "locked")) << "it was another's";
    ASSERT_TRUE(queue.remove(name));
  }
}

TEST_F(NormalTest, AnElementRemovedWhileWeReadIsNotHandedOutInPart) {
  NormalQueue queue = open_normal({.system = &system});
  const ElementName name = queue.add(message("x")).value();
  const NormalLock lock = queue.lock(name).value();
  // Broken, taken, and removed by another: between our opening of one field and of the next.
  int opened = 0;
  system.after = [&](std::string_view call) {
    if (call == "open" && ++opened == 2) {
      ASSERT_TRUE(open_normal().remove(name));
    }
  };
  EXPECT_EQ(lock.get().error().code, Errc::lost_lock);
}

TEST_F(NormalTest, AnElementRemovedWhileWeLockItIsGone) {
  NormalQueue queue = open_normal({.system = &system});
  const ElementName name = queue.add(message("x")).value();
  open_normal().lock(name).value().release();
  system.after = [&, done = false](std::string_view call) mutable {
    if (call == "open" && !std::exchange(done, true)) {
      EXPECT_TRUE(open_normal().remove(name));
    }
  };
  EXPECT_EQ(queue.lock(name).error().code, Errc::gone);
  EXPECT_THAT(rubbish(), IsEmpty());
}

TEST_F(NormalTest, ALockMadeInAnElementOnItsWayOutIsNoLockAndDoesNotStopItsRemover) {
  // The remover is ours, and has taken its lock away; the late taker, which had found the element before, makes its own.
  NormalQueue remover = open_normal({.system = &system});
  const ElementName name = remover.add(message("x")).value();
  NormalLock lock = remover.lock(name).value();
  int removed = 0;
  system.after = [&](std::string_view call) {
    if (call != "rmdir" || ++removed != 1) return;
    const auto obsolete = tree("obsolete");
    ASSERT_FALSE(obsolete.empty());
    fs::create_directory(path / obsolete[0] / "locked");
  };
  EXPECT_TRUE(lock.remove());
  EXPECT_GE(removed, 3);
  EXPECT_THAT(rubbish(), IsEmpty());

  // The taker is ours.
  testing_support::HookedSystem other;
  NormalQueue taker = open_normal({.system = &other});
  const ElementName second = taker.add(message("x")).value();
  other.after = [&](std::string_view call) {
    if (call == "mkdir") fs::rename(path / second.str(), path / "obsolete" / "00000000000001");
  };
  EXPECT_EQ(taker.lock(second).error().code, Errc::gone);
  EXPECT_TRUE(fs::exists(path / "obsolete/00000000000001/locked")) << "its remover counts on taking it away";
}

TEST_F(NormalTest, ALockBrokenInTheMomentOfItsTakingWasNone) {
  NormalQueue queue = open_normal({.system = &system});
  const ElementName name = queue.add(message("x")).value();
  system.after = [&](std::string_view call) {
    if (call == "mkdir") fs::remove(path / name.str() / "locked");
  };
  EXPECT_EQ(queue.lock(name).error().code, Errc::busy);
  EXPECT_TRUE(on_disk(name));
}

TEST_F(NormalTest, ALockRenewedOrTakenAgainWhilePurgeLooksIsNotBroken) {
  NormalQueue queue = open_normal({.system = &system});
  const ElementName name = queue.add(message("x")).value();
  queue.lock(name).value().release();
  age(path / name.str(), 1h);
  system.after = [&](std::string_view call) {
    if (call == "stat" && on_disk(name, "locked")) {
      ASSERT_TRUE(open_normal().touch(name));
    }
  };
  EXPECT_EQ(queue.purge().value().locks, 0U);
  EXPECT_TRUE(on_disk(name, "locked"));
}

}  // namespace
}  // namespace simplevisor::dirq
