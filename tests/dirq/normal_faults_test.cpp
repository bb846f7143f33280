// tests/dirq/normal_faults_test.cpp
//
// Every system call of every operation on a normal queue fails once: the error arrives in its class with call and path
// in its text, nothing is left behind that should not be, nothing is lost, no descriptor leaks, and the same operation
// works the next time.
#include <gmock/gmock.h>
#include <sys/stat.h>

#include <tuple>

#include "tests/dirq/normal_support.hpp"

namespace simplevisor::dirq {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing_support::Fault;
using testing_support::message;
using testing_support::NormalTest;
using testing_support::open_descriptors;
using testing_support::text_of;
namespace fs = std::filesystem;
using namespace std::chrono_literals;

class NormalAddFault : public NormalTest, public testing::WithParamInterface<Fault> {};

TEST_P(NormalAddFault, AddsNothingLeavesNothingAndPasses) {
  const Fault& fault = GetParam();
  NormalQueue queue = open_normal({.umask = 0, .durability = Durability::full, .system = &system});
  // The umask makes it compare modes, and a different one makes it set them.
  const mode_t before = ::umask(077);
  system.fail(fault.call, fault.error, fault.nth);
  const std::size_t descriptors = open_descriptors();
  const auto failed = queue.add(message("x"));
  ::umask(before);
  ASSERT_FALSE(failed) << "the call was not made";
  EXPECT_EQ(failed.error().code, fault.code);
  EXPECT_EQ(failed.error().error, fault.error);
  EXPECT_THAT(failed.error().message, HasSubstr(path.string()));
  EXPECT_THAT(failed.error().message, HasSubstr(std::generic_category().message(fault.error)));
  EXPECT_THAT(rubbish(), IsEmpty());
  // The intermediate directory may stay open.
  EXPECT_LE(open_descriptors(), descriptors + 1);
  EXPECT_TRUE(queue.add(message("y")));
}

INSTANTIATE_TEST_SUITE_P(
    EveryCall, NormalAddFault,
    testing::Values(Fault{"mkdir", ENOSPC, Errc::no_space}, Fault{"mkdir", EDQUOT, Errc::no_space},
                    Fault{"mkdir", EROFS, Errc::permission}, Fault{"stat", EIO, Errc::other},
                    Fault{"fchmodat", EPERM, Errc::permission}, Fault{"open", EMFILE, Errc::descriptor_limit},
                    Fault{"create", ENFILE, Errc::descriptor_limit}, Fault{"create", ENOSPC, Errc::no_space},
                    Fault{"create", EACCES, Errc::permission, 2}, Fault{"fstat", EIO, Errc::other},
                    Fault{"fchmod", EPERM, Errc::permission}, Fault{"write", ENOSPC, Errc::no_space},
                    Fault{"write", EIO, Errc::other, 2}, Fault{"fdatasync", EIO, Errc::other},
                    Fault{"fstat", EIO, Errc::other, 2}, Fault{"close", ENOSPC, Errc::no_space},
                    Fault{"fsync", EIO, Errc::other},  // of the temporary directory
                    Fault{"open", EMFILE, Errc::descriptor_limit, 2}, Fault{"getdents", EIO, Errc::other},
                    Fault{"mkdir", ENOSPC, Errc::no_space, 2},  // of the first intermediate directory
                    Fault{"open", EACCES, Errc::permission, 3}, Fault{"rename", ENOSPC, Errc::no_space},
                    Fault{"rename", EXDEV, Errc::cross_device},
                    Fault{"fsync", EIO, Errc::other,
                          2},  // the element is there then, but not known to be durable
                    Fault{"fsync", EIO, Errc::other, 3}));

TEST_F(NormalTest, ANameThatIsTakenIsReplacedByAnother) {
  NormalQueue queue = open_normal({.system = &system});
  for (const auto& [call, error] : {std::pair{"mkdir", EEXIST}, {"rename", EEXIST}, {"rename", ENOTEMPTY}}) {
    system.fail(call, error);
    EXPECT_TRUE(queue.add(message("x"))) << call;
  }
  EXPECT_EQ(queue.count().value(), 3U);
  for (const char* call : {"mkdir", "rename"}) {
    system.fail_always(call, EEXIST);
    EXPECT_EQ(queue.add(message("x")).error().error, EEXIST) << "the search ends";
  }
}

TEST_F(NormalTest, FilesystemsWithoutNoReplaceAreRenamedPlainly) {
  for (const int error : {EINVAL, ENOSYS}) {
    std::vector<std::string> calls;
    system.fail_always("rename", error);
    system.after = [&](std::string_view call) { calls.emplace_back(call); };
    NormalQueue queue = open_normal({.system = &system});
    ASSERT_TRUE(queue.add(message("x")));
    EXPECT_THAT(calls, Contains("renameat"));
    EXPECT_THAT(drain_normal(queue), ElementsAre("x"));
    EXPECT_THAT(rubbish(), IsEmpty());
  }
}

TEST_F(NormalTest, ShortWritesAreContinuedAndEndlessOnesAreErrors) {
  NormalQueue queue = open_normal({.system = &system});
  system.write_bytes_max = 3;
  ASSERT_TRUE(queue.add(message("a longer text")));
  EXPECT_THAT(drain_normal(queue), ElementsAre("a longer text"));
  system.write_bytes_max = 0;
  EXPECT_EQ(queue.add(message("x")).error().error, EIO);
  EXPECT_THAT(rubbish(), IsEmpty());
}

TEST_F(NormalTest, LockingReportsWhatFailsAndLeavesNoLock) {
  NormalQueue queue = open_normal({.system = &system});
  const ElementName name = queue.add(message("x")).value();
  ASSERT_TRUE(queue.lock(name));  // from here on the intermediate directory is open
  const std::size_t descriptors = open_descriptors();
  for (const auto& [call, error, code] : {std::tuple{"open", EMFILE, Errc::descriptor_limit},
                                          {"open", EACCES, Errc::permission},
                                          {"mkdir", EPERM, Errc::permission},
                                          {"mkdir", ENOSPC, Errc::no_space},
                                          {"mkdir", EMLINK, Errc::other},
                                          {"stat", EIO, Errc::other}}) {
    system.fail(call, error);
    EXPECT_EQ(queue.lock(name).error().code, code) << call;
    EXPECT_FALSE(on_disk(name, "locked")) << call;
    // The queue is looked at, and it and the directory are listed first.
    system.fail(call, error, call == std::string("open") ? 3 : call == std::string("stat") ? 2 : 1);
    if (concerns_one_element(error)) {
      EXPECT_FALSE(queue.take().value()) << "passed by until the next pass";
      EXPECT_EQ(queue.passed_by().elements, 1U) << call;
      EXPECT_EQ(queue.passed_by().first.code, code) << call;
    } else {
      EXPECT_EQ(queue.take().error().code, code) << call;
      EXPECT_FALSE(queue.take().value()) << "passed by until the next pass";
    }
  }
  EXPECT_EQ(open_descriptors(), descriptors);
  EXPECT_TRUE(queue.take().value());
}

TEST_F(NormalTest, ReadingReportsWhatFailsAndKeepsTheLock) {
  NormalQueue queue = open_normal({.system = &system});
  const NormalLock lock = queue.lock(queue.add(message("x")).value()).value();
  const std::size_t descriptors = open_descriptors();
  for (const auto& [call, error, nth] : {std::tuple{"open", EMFILE, 1},
                                         {"open", EACCES, 2},
                                         {"open", ENFILE, 3},
                                         {"fstat", EIO, 1},
                                         {"read", EIO, 1},
                                         {"stat", EIO, 1},
                                         {"stat", EIO, 2}}) {
    system.fail(call, error, nth);
    EXPECT_EQ(lock.get().error().error, error) << call << " " << nth;
  }
  for (const auto& [call, nth] : {std::pair{"open", 1}, {"open", 2}, {"getdents", 1}}) {
    system.fail(call, EIO, nth);
    EXPECT_EQ(lock.fields().error().error, EIO) << call << " " << nth;
    system.fail(call, EIO, nth);
    EXPECT_EQ(queue.size(lock.name()).error().error, EIO) << call << " " << nth;
  }
  system.fail("stat", EIO);
  EXPECT_EQ(queue.size(lock.name()).error().error, EIO);
  EXPECT_EQ(open_descriptors(), descriptors);
  EXPECT_EQ(text_of(lock.get().value()), "x");
}

TEST_F(NormalTest, RemovingReportsWhatFailsKeepsTheLockAndWorksTheNextTime) {
  NormalQueue queue = open_normal({.system = &system});
  NormalLock lock = queue.lock(queue.add(message("x")).value()).value();
  for (const auto& [call, error] : {std::pair{"stat", EIO}, {"rename", EACCES}}) {
    system.fail(call, error);
    EXPECT_EQ(lock.remove().error().error, error) << call;
    ASSERT_TRUE(lock.armed());
    EXPECT_TRUE(on_disk(lock.name(), "locked"));
  }
  EXPECT_TRUE(lock.remove());
}

TEST_F(NormalTest, WhatCannotBeCleanedUpAfterARemovalIsLeftToThePurge) {
  NormalQueue queue = open_normal({.system = &system});
  for (const auto& [call, nth] :
       {std::pair{"open", 1}, {"getdents", 1}, {"unlink", 1}, {"rmdir", 1}, {"rmdir", 2}}) {
    NormalLock lock = queue.lock(queue.add(message("x")).value()).value();
    system.fail(call, EIO, nth);
    EXPECT_TRUE(lock.remove()) << call;
    EXPECT_EQ(queue.count().value(), 0U);
    system.before = [](std::string_view) { return 0; };
    EXPECT_FALSE(rubbish().empty()) << call << ": the call was not made";
    age_all(1h);
    EXPECT_EQ(queue.purge().value().temporaries, 1U) << call;
    EXPECT_THAT(rubbish(), IsEmpty());
  }
}

TEST_F(NormalTest, UnlockingAndRenewingReportWhatFails) {
  NormalQueue queue = open_normal({.system = &system});
  NormalLock lock = queue.lock(queue.add(message("x")).value()).value();
  for (const char* call : {"stat", "utime"}) {
    system.fail(call, EPERM);
    EXPECT_EQ(lock.touch().error().code, Errc::permission) << call;
  }
  system.fail("stat", EIO);
  EXPECT_EQ(lock.verify().error().error, EIO);
  for (const char* call : {"open", "stat", "rmdir"}) {
    system.fail(call, EACCES);
    EXPECT_EQ(lock.unlock().error().code, Errc::permission) << call;
  }
  EXPECT_TRUE(lock.armed());
  EXPECT_TRUE(lock.unlock());
}

TEST_F(NormalTest, LookingReportsWhatFailsAndThePassCanBeginAgain) {
  NormalQueue queue = open_normal({.system = &system});
  ASSERT_TRUE(queue.add(message("x")));
  for (const char* call : {"open", "getdents"}) {
    for (const int nth : {1, 2}) {
      system.fail(call, EIO, nth);
      EXPECT_FALSE(queue.count()) << call << nth;
      system.fail(call, EIO, nth);
      EXPECT_FALSE(queue.first()) << call << nth;
      system.fail(call, EIO, nth);
      EXPECT_FALSE(queue.list()) << call << nth;
    }
    for (const int nth : {1, 2, 3, 4}) {
      system.fail(call, EIO, nth + (call == std::string("open") && nth > 2 ? 1 : 0));
      EXPECT_FALSE(queue.stat()) << call << nth;
    }
  }
  system.fail("stat", EIO, 2);  // the first looks whether the queue is where it was
  EXPECT_FALSE(queue.list());
  EXPECT_TRUE(queue.first().value());
}

TEST_F(NormalTest, PurgeReportsWhatFailsAndDoesTheRest) {
  for (const auto& [call, error] : {std::pair{"rmdir", EACCES},
                                    {"open", EMFILE},
                                    {"getdents", EIO},
                                    {"stat", EIO},
                                    {"fstat", EIO},
                                    {"rename", EROFS},
                                    {"unlink", EACCES}}) {
    fs::remove_all(path);
    NormalQueue queue = open_normal({.system = &system});
    fs::create_directories(path / "00000000");
    fs::create_directories(path / "00000001");
    queue.lock(queue.add(message("x")).value()).value().release();
    for (const char* name : {"temporary/00000000000001", "obsolete/00000000000002"}) {
      fs::create_directories(path / name);
      write(path / name / "text", "half");
    }
    age_all(1h);
    // The first of the calls that belongs to the purge itself, and not to finding the queue again.
    system.fail(call, error, call == std::string("stat") || call == std::string("open") ? 2 : 1);
    const auto failed = queue.purge();
    ASSERT_FALSE(failed) << call;
    EXPECT_EQ(failed.error().error, error) << call;
    EXPECT_THAT(failed.error().message, HasSubstr(path.string()));
    age_all(1h);
    ASSERT_TRUE(queue.purge()) << call;
    EXPECT_THAT(rubbish(), IsEmpty());
    EXPECT_EQ(queue.stat().value().ready, 1U) << call;
  }
}

TEST_F(NormalTest, OpeningReportsWhatFails) {
  fs::create_directories(path);
  for (const char* call : {"open", "fstat"}) {
    system.fail(call, EMFILE);
    EXPECT_EQ(NormalQueue::open(path.string(), {.system = &system}).error().code, Errc::descriptor_limit);
  }
  // Of the directories that are there already nothing is expected but to be there.
  system.before = [&](std::string_view call) {
    return call == "mkdir" ? (fs::exists(path / "temporary") ? -ENOSPC : 0) : 0;
  };
  const auto failed = NormalQueue::open(path.string(), {.system = &system});
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code, Errc::no_space);
  EXPECT_THAT(failed.error().message, HasSubstr("obsolete"));
}

TEST_F(NormalTest, QuarantineReportsWhatFailsAndKeepsTheLock) {
  NormalQueue queue = open_normal({.system = &system});
  NormalLock lock = queue.lock(queue.add(message("x")).value()).value();
  for (const char* call : {"stat", "mkdir", "open", "rename"}) {
    system.fail(call, EACCES);
    EXPECT_EQ(queue.quarantine(lock, "why").error().code, Errc::permission) << call;
    ASSERT_TRUE(lock.armed());
  }
  // Neither a reason that cannot be written nor a lock that cannot be removed keeps the element in the way.
  system.before = [](std::string_view call) { return call == "create" || call == "rmdir" ? -ENOSPC : 0; };
  EXPECT_TRUE(queue.quarantine(lock, "why"));
  EXPECT_EQ(queue.count().value(), 0U);
}

}  // namespace
}  // namespace simplevisor::dirq
