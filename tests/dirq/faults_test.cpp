// tests/dirq/faults_test.cpp
//
// Every system call of every operation fails once with every error it can have: the error arrives in its class with
// call and path in its text, nothing is left behind that should not be, nothing is lost, no descriptor leaks, and the
// same operation works the next time.
#include <gmock/gmock.h>

#include <map>

#include "tests/dirq/support.hpp"
#include "workers/dirq/batch.hpp"
#include "workers/dirq/queue.hpp"
#include "workers/dirq/taker.hpp"

namespace simplevisor::dirq {
namespace {

using testing::AnyOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing_support::Fault;
using testing_support::open_descriptors;
using testing_support::QueueTest;
namespace fs = std::filesystem;

class AddFault : public QueueTest, public testing::WithParamInterface<Fault> {};

TEST_P(AddFault, AddsNothingLeavesNothingAndPasses) {
  const Fault& fault = GetParam();
  Queue queue = open({.umask = 0, .durability = Durability::full, .system = &system});
  // The umask makes it compare modes, and a different one makes it set them.
  const mode_t before = ::umask(077);
  system.fail(fault.call, fault.error, fault.nth);
  const std::size_t descriptors = open_descriptors();
  const auto failed = queue.add("x");
  ::umask(before);
  ASSERT_FALSE(failed) << "the call was not made";
  EXPECT_EQ(failed.error().code, fault.code);
  EXPECT_EQ(failed.error().error, fault.error);
  EXPECT_THAT(failed.error().message, HasSubstr(path.string()));
  EXPECT_THAT(failed.error().message, HasSubstr(std::generic_category().message(fault.error)));
  if (fault.call != "fsync") {
    EXPECT_THAT(files(), IsEmpty());
  }
  // The directory that was opened for the element may stay open.
  EXPECT_LE(open_descriptors(), descriptors + 1);
  EXPECT_TRUE(queue.add("y"));
}

INSTANTIATE_TEST_SUITE_P(
    EveryCall, AddFault,
    testing::Values(Fault{"open", EMFILE, Errc::descriptor_limit}, Fault{"open", EACCES, Errc::permission},
                    Fault{"mkdir", ENOSPC, Errc::no_space}, Fault{"mkdir", EROFS, Errc::permission},
                    Fault{"create", EMFILE, Errc::descriptor_limit},
                    Fault{"create", ENFILE, Errc::descriptor_limit}, Fault{"create", ENOSPC, Errc::no_space},
                    Fault{"create", EDQUOT, Errc::no_space}, Fault{"create", EACCES, Errc::permission},
                    Fault{"create", EROFS, Errc::permission}, Fault{"fstat", EIO, Errc::other},

                    Fault{"fchmod", EPERM, Errc::permission}, Fault{"write", ENOSPC, Errc::no_space},
                    Fault{"write", EIO, Errc::other}, Fault{"fdatasync", EIO, Errc::other},
                    Fault{"close", ENOSPC, Errc::no_space}, Fault{"rename", EXDEV, Errc::cross_device},
                    Fault{"rename", ENOSPC, Errc::no_space}, Fault{"fsync", EIO, Errc::other}));

TEST_F(QueueTest, ShortWritesAreContinuedAcrossPieces) {
  Queue queue = open({.system = &system});
  system.write_bytes_max = 3;
  const std::vector<std::string_view> parts{"abcd", "", "efghij", "k", "lm"};
  EXPECT_EQ(content(file(queue.add(parts).value())), "abcdefghijklm");
}

TEST_F(QueueTest, AWriteThatTakesNothingIsAnErrorAndNotALoop) {
  Queue queue = open({.system = &system});
  system.write_bytes_max = 0;
  EXPECT_EQ(queue.add("x").error().error, EIO);
  EXPECT_THAT(files(), IsEmpty());
}

TEST_F(QueueTest, ATakenNameIsReplacedByAnother) {
  Queue queue = open({.system = &system});
  system.fail("create", EEXIST);
  EXPECT_TRUE(queue.add("x"));
  system.fail("rename", EEXIST);
  EXPECT_TRUE(queue.add("y"));
  EXPECT_EQ(queue.count().value(), 2U);
}

TEST_F(QueueTest, NamesThatAreAllTakenEndTheSearch) {
  Queue queue = open({.system = &system});
  system.fail_always("create", EEXIST);
  EXPECT_EQ(queue.add("x").error().error, EEXIST);
}

TEST_F(QueueTest, FilesystemsWithoutNoReplaceArePublishedToByLinkAndUnlink) {
  for (const int error : {EINVAL, ENOSYS}) {
    std::vector<std::string> calls;
    system.fail_always("rename", error);
    system.after = [&](std::string_view call) { calls.emplace_back(call); };
    Queue queue = open({.system = &system});
    ASSERT_TRUE(queue.add("x"));
    EXPECT_THAT(calls, testing::Contains("link"));
    EXPECT_THAT(drain(queue), testing::ElementsAre("x"));
    EXPECT_THAT(files(), IsEmpty());
  }
}

TEST_F(QueueTest, AFallbackPublishFailsForLackOfHardLinks) {
  Queue queue = open({.system = &system});
  for (const int error : {EPERM, EMLINK}) {
    system.before = [error](std::string_view call) {
      return call == "rename" ? -EINVAL : call == "link" ? -error : 0;
    };
    EXPECT_EQ(queue.add("x").error().error, error);
    EXPECT_THAT(files(), IsEmpty());
  }
}

TEST_F(QueueTest, ATemporaryThatCannotBeUnlinkedAfterPublishingDoesNotSpoilTheAdd) {
  Queue queue = open({.system = &system});
  system.before = [](std::string_view call) {
    return call == "rename" ? -EINVAL : call == "unlink" ? -EIO : 0;
  };
  ASSERT_TRUE(queue.add("x"));
  system.before = [](std::string_view) { return 0; };
  EXPECT_EQ(queue.count().value(), 1U);
}

TEST_F(QueueTest, AddPathReportsWhatFailsAndLeavesTheFileWhereItIs) {
  Queue queue = open({.durability = Durability::data, .system = &system});
  write(root / "message", "content");
  const std::map<std::string, std::pair<int, Errc>> faults{{"stat", {EACCES, Errc::permission}},
                                                           {"open", {EMFILE, Errc::descriptor_limit}},
                                                           {"fdatasync", {EIO, Errc::other}},
                                                           {"mkdir", {ENOSPC, Errc::no_space}},
                                                           {"rename", {EXDEV, Errc::cross_device}}};
  for (const auto& [call, expected] : faults) {
    fs::remove_all(path / "00000000");
    system.fail(call, expected.first);
    const auto failed = queue.add_path((root / "message").string());
    ASSERT_FALSE(failed) << call;
    EXPECT_EQ(failed.error().code, expected.second) << call;
    EXPECT_EQ(content(root / "message"), "content");
    EXPECT_EQ(queue.count().value(), 0U);
  }
}

TEST_F(QueueTest, LockingReportsPermissionAndNeverTakesItForBusy) {
  Queue queue = open({.system = &system});
  const ElementName name = queue.add("x").value();
  const std::map<std::string, std::pair<int, Errc>> faults{{"link", {EPERM, Errc::permission}},
                                                           {"utime", {EACCES, Errc::permission}},
                                                           {"fstat", {EIO, Errc::other}}};
  for (const auto& [call, expected] : faults) {
    system.fail(call, expected.first);
    EXPECT_EQ(queue.lock(name).error().code, expected.second) << call;
    EXPECT_THAT(files(), testing::ElementsAre(name.str())) << call;
  }
  for (const int error : {EMLINK, ENOSPC, EDQUOT}) {
    system.fail("link", error);
    EXPECT_EQ(queue.lock(name).error().error, error);
  }
  EXPECT_TRUE(queue.lock(name));
}

TEST_F(QueueTest, ALockThatCannotBeOpenedIsTakenByNameAndReadLater) {
  Queue queue = open({.system = &system});
  const ElementName name = queue.add("x").value();
  for (const int error : {EMFILE, EACCES}) {
    system.fail("open", error);
    EXPECT_EQ(queue.lock(name).value().get().value(), "x");
    system.before = [error](std::string_view call) {
      return call == "open" ? -error : call == "stat" ? -EIO : 0;
    };
    EXPECT_EQ(queue.lock(name).error().error, EIO);
    system.before = [error](std::string_view call) {
      return call == "open" ? -error : call == "utime" ? -EPERM : 0;
    };
    EXPECT_EQ(queue.lock(name).error().code, Errc::permission);
    EXPECT_THAT(files(), testing::ElementsAre(name.str()));
  }
}

TEST_F(QueueTest, LocksHoldABoundedNumberOfDescriptors) {
  Queue queue = open();
  std::vector<ElementName> names;
  for (int i = 0; i < 40; ++i) names.push_back(queue.add(std::to_string(i)).value());
  const std::size_t descriptors = open_descriptors();
  std::vector<Lock> locks;
  for (const ElementName& name : names) locks.push_back(queue.lock(name).value());
  EXPECT_EQ(open_descriptors(), descriptors + 16);
  for (std::size_t i = 0; i < locks.size(); ++i) EXPECT_EQ(locks[i].get().value(), std::to_string(i));
  EXPECT_EQ(open_descriptors(), descriptors);
  locks.clear();
  for (int i = 0; i < 5; ++i) locks.push_back(queue.lock(names[static_cast<std::size_t>(i)]).value());
  locks[0].release();
  ASSERT_TRUE(locks[1].remove());
  ASSERT_TRUE(locks[2].unlock());
  locks[3] = std::move(locks[4]);
  EXPECT_EQ(open_descriptors(), descriptors + 1);
  locks.clear();
  EXPECT_EQ(open_descriptors(), descriptors);
}

TEST_F(QueueTest, ReadingReportsWhatFailsAndKeepsTheLock) {
  Queue queue = open({.system = &system});
  Lock lock = queue.lock(queue.add("x").value()).value();
  ASSERT_TRUE(lock.get());  // from here on each reading opens the lock
  const std::size_t descriptors = open_descriptors();
  system.fail("open", EMFILE);
  EXPECT_EQ(lock.get().error().code, Errc::descriptor_limit);
  system.fail("open", EACCES);
  EXPECT_EQ(lock.get().error().code, Errc::permission);
  system.fail("read", EIO);
  EXPECT_EQ(lock.get().error().error, EIO);
  system.fail("fstat", EIO);
  EXPECT_EQ(queue.get(lock.name()).error().error, EIO);
  EXPECT_EQ(open_descriptors(), descriptors);
  EXPECT_EQ(lock.get().value(), "x");
}

TEST_F(QueueTest, RemovingReportsWhatFailsKeepsTheLockAndWorksTheNextTime) {
  Queue queue = open({.system = &system});
  const ElementName name = queue.add("x").value();
  Lock lock = queue.lock(name).value();
  system.fail("stat", EIO);
  EXPECT_EQ(lock.remove().error().error, EIO);
  system.fail("unlink", EACCES);
  EXPECT_EQ(lock.remove().error().code, Errc::permission);
  EXPECT_TRUE(lock.armed());
  EXPECT_TRUE(fs::exists(file(name)));
  EXPECT_TRUE(lock.remove());
}

TEST_F(QueueTest, RemovingWhoseSecondUnlinkFailsReportsItAndTheElementIsGone) {
  Queue queue = open({.system = &system});
  const ElementName name = queue.add("x").value();
  Lock lock = queue.lock(name).value();
  system.fail("unlink", EIO, 2);
  EXPECT_EQ(lock.remove().error().error, EIO);
  EXPECT_EQ(queue.count().value(), 0U);
  EXPECT_TRUE(lock.armed());
}

TEST_F(QueueTest, RenewingReportsWhatFails) {
  Queue queue = open({.system = &system});
  Lock lock = queue.lock(queue.add("x").value()).value();
  system.fail("utime", EPERM);
  EXPECT_EQ(lock.touch().error().code, Errc::permission);
  system.fail("stat", EIO, 2);
  EXPECT_EQ(lock.touch().error().error, EIO);
  EXPECT_TRUE(lock.armed());
}

TEST_F(QueueTest, ListingReportsWhatFailsAndThePassCanBeginAgain) {
  Queue queue = open({.system = &system});
  ASSERT_TRUE(queue.add("x"));
  for (const std::string call : {"open", "getdents"}) {
    for (const int nth : {1, 2}) {
      system.fail(call, call == "open" ? EMFILE : EIO, nth);
      EXPECT_FALSE(queue.count()) << call;
      system.fail(call, call == "open" ? EMFILE : EIO, nth);
      EXPECT_FALSE(queue.first()) << call;
      system.fail(call, call == "open" ? EMFILE : EIO, nth);
      EXPECT_FALSE(queue.stat()) << call;
      system.fail(call, call == "open" ? EMFILE : EIO, nth);
      EXPECT_FALSE(Taker(queue).next()) << call;
    }
  }
  EXPECT_TRUE(queue.first().value());
}

TEST_F(QueueTest, PurgeReportsWhatFails) {
  Queue queue = open({.system = &system});
  const ElementName name = queue.add("x").value();
  for (const std::string call : {"stat", "unlink", "rmdir"}) {
    fs::create_directories(path / "00000001");
    write(file(name, ".tmp"), "");
    age(file(name, ".tmp"), std::chrono::hours(1));
    system.fail(call, EACCES, call == "stat" ? 2 : 1);  // the first looks whether TOP is where it was
    const auto failed = queue.purge();
    ASSERT_FALSE(failed) << call;
    EXPECT_EQ(failed.error().code, Errc::permission);
    EXPECT_THAT(failed.error().message, HasSubstr(path.string()));
  }
  EXPECT_TRUE(queue.purge());
}

TEST_F(QueueTest, OpeningReportsWhatFails) {
  const std::map<std::string, std::pair<int, Errc>> faults{{"open", {EMFILE, Errc::descriptor_limit}},
                                                           {"fstat", {EIO, Errc::other}}};
  for (const auto& [call, expected] : faults) {
    system.fail(call, expected.first);
    EXPECT_EQ(Queue::open(path.string(), {.system = &system}).error().code, expected.second) << call;
  }
  system.fail_always("mkdir", EROFS);
  EXPECT_EQ(Queue::open((root / "new").string(), {.system = &system}).error().code, Errc::permission);
}

TEST_F(QueueTest, QuarantineReportsWhatFailsAndKeepsTheLock) {
  Queue queue = open({.system = &system});
  const ElementName name = queue.add("x").value();
  Lock lock = queue.lock(name).value();
  for (const std::string call : {"stat", "mkdir", "open", "rename"}) {
    system.fail(call, EACCES);
    EXPECT_EQ(queue.quarantine(lock, "why").error().code, Errc::permission) << call;
    ASSERT_TRUE(lock.armed());
  }
  // A reason that cannot be written does not keep the element in the way.
  system.fail("create", ENOSPC);
  EXPECT_TRUE(queue.quarantine(lock, "why"));
  EXPECT_EQ(queue.count().value(), 0U);
}

TEST_F(QueueTest, ABatchWhoseCommitFailsTellsWhatWasPublishedAndLeavesNothingElse) {
  for (const std::string call : {"fdatasync", "syncfs", "close", "rename"}) {
    Queue queue = open({.durability = Durability::full, .system = &system});
    Batch batch(queue);
    for (const char* text : {"1", "2", "3"}) ASSERT_TRUE(batch.add(text));
    if (call == "syncfs") {  // only from here on
      ASSERT_TRUE(batch.add("4"));
    }
    system.fail(call, ENOSPC, call == "syncfs" ? 1 : 2);
    std::vector<ElementName> published;
    EXPECT_EQ(batch.commit(published).error().code, Errc::no_space) << call;
    EXPECT_EQ(published.size(), call == "rename" ? 1U : 0U);
    EXPECT_EQ(batch.size(), 0U);
    EXPECT_EQ(files().size(), published.size());
    drain(queue);
  }
}

TEST_F(QueueTest, ABatchGoesOnAfterAFailedAdd) {
  Queue queue = open({.system = &system});
  Batch batch(queue);
  ASSERT_TRUE(batch.add("1"));
  system.fail("write", ENOSPC);
  EXPECT_EQ(batch.add("2").error().code, Errc::no_space);
  ASSERT_TRUE(batch.add("3"));
  std::vector<ElementName> published;
  ASSERT_TRUE(batch.commit(published));
  EXPECT_EQ(published.size(), 2U);
  EXPECT_THAT(drain(queue), testing::ElementsAre("1", "3"));
}

}  // namespace
}  // namespace simplevisor::dirq
