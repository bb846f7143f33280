// tests/dirq/purge_test.cpp
#include <gmock/gmock.h>

#include "tests/dirq/support.hpp"
#include "workers/dirq/queue.hpp"

namespace simplevisor::dirq {
namespace {

using testing::ElementsAre;
using testing_support::QueueTest;
namespace fs = std::filesystem;
using namespace std::chrono_literals;

constexpr PurgeOptions as_the_reference{.young_lock = 0s};

TEST_F(QueueTest, PurgeRemovesWhatIsOldAndNothingElse) {
  Queue queue = open();
  const ElementName name = queue.add("x").value();
  const fs::path directory = file(name).parent_path();
  queue.lock(name).value().release();
  write(directory / "00000000000001.tmp", "old");
  write(directory / "00000000000002.tmp", "young");
  write(directory / "foreign.old", "foreign");
  age(directory / "00000000000001.tmp", 301s);
  age(directory / "foreign.old", 1h);
  age(file(name), 601s);
  const PurgeReport report = queue.purge(as_the_reference).value();
  EXPECT_EQ(report.temporaries, 1U);
  EXPECT_EQ(report.locks, 1U);
  EXPECT_EQ(report.directories, 0U);
  EXPECT_TRUE(fs::exists(file(name)));
  EXPECT_FALSE(fs::exists(file(name, ".lck")));
  EXPECT_TRUE(fs::exists(directory / "00000000000002.tmp"));
  EXPECT_TRUE(fs::exists(directory / "foreign.old"));
}

TEST_F(QueueTest, PurgeLeavesLocksBelowTheAgeAlone) {
  Queue queue = open();
  const ElementName name = queue.add("x").value();
  queue.lock(name).value().release();
  age(file(name), 590s);
  EXPECT_EQ(queue.purge(as_the_reference).value().locks, 0U);
}

TEST_F(QueueTest, AnAgeOfZeroSwitchesItsHalfOff) {
  Queue queue = open();
  const ElementName name = queue.add("x").value();
  queue.lock(name).value().release();
  age(file(name), 1000h);
  write(file(name, ".tmp"), "");
  age(file(name, ".tmp"), 1000h);
  const PurgeReport report = queue.purge({.maxtemp = 0s, .maxlock = 0s, .young_lock = 0s}).value();
  EXPECT_EQ(report.temporaries + report.locks, 0U);
}

TEST_F(QueueTest, ADirectoryThatCannotBePurgedDoesNotKeepTheOthersFromIt) {
  Queue queue = open({.system = &system});
  fs::create_directories(path / "00000001");
  fs::create_directories(path / "00000002");
  fs::create_directories(path / "00000003");
  system.fail("open", EACCES, 2);  // the first is the queue itself
  EXPECT_EQ(queue.purge().error().code, Errc::permission);
  EXPECT_TRUE(fs::exists(path / "00000001"));
  EXPECT_FALSE(fs::exists(path / "00000002"));
}

TEST_F(QueueTest, PurgeRefusesNegativeAges) {
  EXPECT_EQ(open().purge({.maxtemp = -1s}).error().code, Errc::malformed);
}

TEST_F(QueueTest, PurgeRemovesEmptyDirectoriesButTheLast) {
  Queue queue = open();
  for (const char* directory : {"00000001", "00000002", "00000003", "corrupt", "0000000A"}) {
    fs::create_directories(path / directory);
  }
  write(path / "00000002" / "00000000000001", "x");
  EXPECT_EQ(queue.purge().value().directories, 1U);
  EXPECT_FALSE(fs::exists(path / "00000001"));
  EXPECT_TRUE(fs::exists(path / "00000002"));
  EXPECT_TRUE(fs::exists(path / "00000003"));
  EXPECT_TRUE(fs::exists(path / "corrupt"));
  EXPECT_TRUE(fs::exists(path / "0000000A"));
}

TEST_F(QueueTest, AWriterThatComesBackBeforeTheDirectoryIsRemovedKeepsIt) {
  Queue queue = open({.system = &system});
  fs::create_directories(path / "00000001");
  fs::create_directories(path / "00000002");
  system.before = [&](std::string_view call) {
    if (call == "rmdir") write(path / "00000001" / "00000000000001", "x");
    return 0;
  };
  EXPECT_EQ(queue.purge().value().directories, 0U);
  EXPECT_EQ(queue.count().value(), 1U);
}

TEST_F(QueueTest, ALockTakenOnAnOldBacklogIsNotBrokenWhileItIsBeingTaken) {
  Queue queue = open({.system = &system});
  Queue purger = open();
  const ElementName name = queue.add("x").value();
  age(file(name), 1h);
  std::size_t broken = 0;
  // Between the link and the utime the lock has the element's old time.
  system.after = [&](std::string_view call) {
    if (call == "link") broken += purger.purge().value().locks;
  };
  Lock lock = queue.lock(name).value();
  EXPECT_EQ(broken, 0U);
  EXPECT_TRUE(lock.remove());
}

TEST_F(QueueTest, WithoutTheGuardThatLockIsBrokenAndNobodyLosesTheElement) {
  Queue queue = open({.system = &system});
  Queue purger = open();
  const ElementName name = queue.add("x").value();
  age(file(name), 1h);
  std::size_t broken = 0;
  system.after = [&](std::string_view call) {
    if (call == "link") broken += purger.purge(as_the_reference).value().locks;
  };
  EXPECT_EQ(queue.lock(name).error().code, Errc::busy);
  EXPECT_EQ(broken, 1U);
  EXPECT_EQ(queue.count().value(), 1U);
}

TEST_F(QueueTest, ALockReplacedBetweenPurgesLookAndItsUnlinkIsNoticedByItsNewOwner) {
  Queue queue = open();
  Queue purger = open({.system = &system});
  const ElementName name = queue.add("x").value();
  queue.lock(name).value().release();
  age(file(name), 1h);
  std::optional<Lock> fresh;
  system.before = [&](std::string_view call) {
    if (call == "unlink" && !fresh) {
      EXPECT_TRUE(queue.unlock(name));
      fresh = queue.lock(name).value();
    }
    return 0;
  };
  EXPECT_EQ(purger.purge(as_the_reference).value().locks, 1U);
  EXPECT_EQ(fresh->remove().error().code, Errc::lost_lock);
  EXPECT_EQ(queue.count().value(), 1U);
}

TEST_F(QueueTest, EntriesThatDisappearDuringAPurgeAreNoError) {
  Queue queue = open({.system = &system});
  const ElementName name = queue.add("x").value();
  queue.lock(name).value().release();
  age(file(name), 1h);
  system.before = [&](std::string_view call) {
    if (call == "stat") fs::remove(file(name, ".lck"));
    return 0;
  };
  EXPECT_EQ(queue.purge(as_the_reference).value().locks, 0U);
}

TEST_F(QueueTest, AWriterWhoseTemporaryWasPurgedWritesItAgain) {
  Queue queue = open({.system = &system});
  bool purged = false;
  system.before = [&](std::string_view call) {
    if (call == "rename" && !std::exchange(purged, true)) {
      for (const std::string& name : files()) fs::remove(path / name);
    }
    return 0;
  };
  ASSERT_TRUE(queue.add("x"));
  EXPECT_TRUE(purged);
  EXPECT_THAT(drain(queue), ElementsAre("x"));
}

TEST_F(QueueTest, AWriterWhoseDirectoryIsPurgedAgainAndAgainGivesUp) {
  Queue queue = open({.system = &system});
  system.before = [&](std::string_view call) {
    if (call == "rename") {
      for (const std::string& name : files()) fs::remove(path / name);
    }
    return 0;
  };
  EXPECT_EQ(queue.add("x").error().code, Errc::gone);
}

}  // namespace
}  // namespace simplevisor::dirq
