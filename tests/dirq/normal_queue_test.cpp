// tests/dirq/normal_queue_test.cpp
//
// A normal queue as one process sees it: what is on disk, taking, damage, quarantine, purge.
#include "workers/dirq/normal/queue.hpp"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include "tests/dirq/normal_support.hpp"

namespace simplevisor::dirq {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing_support::message;
using testing_support::NormalTest;
using testing_support::text_of;
namespace fs = std::filesystem;
using namespace std::chrono_literals;

TEST_F(NormalTest, OpeningMakesTheQueueAndItsTwoDirectories) {
  path = root / "a" / "queue";
  const NormalQueue queue = open_normal();
  EXPECT_THAT(tree(), ElementsAre("obsolete/", "temporary/"));
  EXPECT_EQ(queue.path(), path.string());
  EXPECT_EQ(queue.identity(), open().identity());
}

TEST_F(NormalTest, OpeningToLookMakesNothing) {
  EXPECT_EQ(NormalQueue::open(path.string(), {.create = false}).error().code, Errc::no_queue);
  fs::create_directories(path);
  NormalQueue queue = NormalQueue::open(path.string(), {.create = false}).value();
  EXPECT_EQ(queue.count().value(), 0U);
  EXPECT_EQ(queue.stat().value().temporary, 0U);
  EXPECT_TRUE(queue.purge());
  EXPECT_THAT(tree(), IsEmpty());
  EXPECT_THAT(NormalQueue::open(path.string(), {.elements_max = 0}).error().message,
              HasSubstr("elements_max"));
}

TEST_F(NormalTest, AnElementIsADirectoryWithAFileForEachField) {
  NormalQueue queue = open_normal();
  const ElementName name = queue.add({{"header", Table{{"k", "v"}}}, {"text", "\u263a"}}).value();
  EXPECT_EQ(name.directory, 0U);
  EXPECT_THAT(tree("00000000"), ElementsAre(name.str() + "/", name.str() + "/header", name.str() + "/text"));
  EXPECT_EQ(content(path / name.str() / "header"), "k\tv\n");
  EXPECT_EQ(content(path / name.str() / "text"), "\u263a");
  EXPECT_EQ(queue.size(name).value(), 7U);
  EXPECT_THAT(rubbish(), IsEmpty());
}

TEST_F(NormalTest, ModesFollowTheUmaskOfTheQueue) {
  const mode_t before = ::umask(077);
  NormalQueue queue = open_normal({.umask = 0});
  const ElementName name = queue.add(message("x")).value();
  ::umask(before);
  const auto mode = [&](const fs::path& of) { return static_cast<unsigned>(fs::status(of).permissions()); };
  for (const char* directory : {"", "temporary", "obsolete", "00000000"})
    EXPECT_EQ(mode(path / directory), 0777U) << directory;
  EXPECT_EQ(mode(path / name.str()), 0777U);
  EXPECT_EQ(mode(path / name.str() / "text"), 0666U);
}

TEST_F(NormalTest, WhatDoesNotFitTheSchemaIsNotAdded) {
  NormalQueue queue = open_normal();
  EXPECT_EQ(queue.add({{"text", "x"}}).error().code, Errc::malformed);
  EXPECT_THAT(tree(), ElementsAre("obsolete/", "temporary/"));
  NormalQueue blind = NormalQueue::open(path.string()).value();
  EXPECT_EQ(blind.add(message("x")).error().code, Errc::malformed);
  const NormalLock lock = blind.lock(queue.add(message("x")).value()).value();
  EXPECT_EQ(lock.get().error().code, Errc::malformed);
  EXPECT_THAT(lock.fields().value(), ElementsAre("header", "text"));
  EXPECT_EQ(lock.get_field("text").value(), "x");
  EXPECT_EQ(lock.get_field("binary").error().code, Errc::gone);
  EXPECT_EQ(lock.get_field("../text").error().code, Errc::malformed);
}

TEST_F(NormalTest, ElementsAreTakenOldestFirst) {
  NormalQueue queue = open_normal();
  for (const char* text : {"1", "2", "3"}) ASSERT_TRUE(queue.add(message(text)));
  EXPECT_THAT(drain_normal(queue), ElementsAre("1", "2", "3"));
  EXPECT_THAT(tree(), ElementsAre("00000000/", "obsolete/", "temporary/"));
  EXPECT_FALSE(queue.take().value());
  ASSERT_TRUE(queue.add(message("4")));
  EXPECT_THAT(drain_normal(queue), ElementsAre("4"));
}

TEST_F(NormalTest, AFullDirectoryIsFollowedByTheNextNumber) {
  NormalQueue queue = open_normal({.elements_max = 2});
  std::vector<std::uint32_t> directories;
  for (int i = 0; i < 5; ++i) directories.push_back(queue.add(message("x")).value().directory);
  EXPECT_THAT(directories, ElementsAre(0, 0, 1, 1, 2));
  EXPECT_EQ(queue.count().value(), 5U);
  // Another writer, with other ideas, goes on behind ours.
  EXPECT_EQ(open_normal({.elements_max = 1}).add(message("x")).value().directory, 3U);
  EXPECT_EQ(queue.add(message("x")).value().directory, 3U);
  EXPECT_EQ(queue.add(message("x")).value().directory, 4U);
}

TEST_F(NormalTest, ADirectoryOfManyElementsIsFilledToItsEnd) {
  NormalQueue queue = open_normal({.elements_max = 100});
  for (int i = 0; i < 201; ++i) ASSERT_TRUE(queue.add(message("x")));
  const auto entries = [&](const char* directory) {
    return std::distance(fs::directory_iterator(path / directory), fs::directory_iterator());
  };
  EXPECT_EQ(entries("00000000"), 100);
  EXPECT_EQ(entries("00000001"), 100);
  EXPECT_EQ(entries("00000002"), 1);
}

TEST_F(NormalTest, TheLastNumberHasNoNext) {
  fs::create_directories(path / "ffffffff");
  NormalQueue queue = open_normal({.elements_max = 1});
  EXPECT_EQ(queue.add(message("1")).value().directory, 0xffffffffU);
  EXPECT_EQ(queue.add(message("2")).value().directory, 0xffffffffU);
}

TEST_F(NormalTest, WhatSomebodyTookAwayIsMadeAgain) {
  NormalQueue queue = open_normal();
  for (const char* directory : {"temporary", "obsolete", "00000000"}) {
    fs::remove_all(path / directory);
    ASSERT_TRUE(queue.add(message(directory))) << directory;
    fs::remove_all(path / "obsolete");
    EXPECT_EQ(drain_normal(queue).size(), 1U) << directory;
  }
}

TEST_F(NormalTest, TakingPassesByWhatIsLocked) {
  NormalQueue queue = open_normal();
  for (const char* text : {"1", "2", "3"}) ASSERT_TRUE(queue.add(message(text)));
  const NormalLock held = queue.take().value().value();
  EXPECT_THAT(drain_normal(queue), ElementsAre("2", "3"));
}

TEST_F(NormalTest, WhatOnlyHasTheNameOfAnElementIsReportedAndPassedBy) {
  NormalQueue queue = open_normal();
  const fs::path victim = root / "victim";
  fs::create_directories(victim);
  fs::create_directories(path / "00000000");
  fs::create_directory_symlink(victim, path / "00000000/00000000000001");
  write(path / "00000000/00000000000002", "a file");
  ASSERT_TRUE(queue.add(message("x")));
  EXPECT_EQ(queue.take().error().code, Errc::other);
  EXPECT_EQ(queue.take().error().code, Errc::other);
  EXPECT_EQ(text_of(queue.take().value()->get().value()), "x");
  EXPECT_TRUE(fs::is_empty(victim));
  EXPECT_TRUE(queue.purge());
}

TEST_F(NormalTest, ReadingTellsDamageFromAbsence) {
  NormalQueue queue = open_normal();
  const NormalLock lock = queue.lock(queue.add(message("x")).value()).value();
  const fs::path element = path / lock.name().str();
  fs::remove(element / "text");
  EXPECT_FALSE(lock.get().value().contains("text"));
  write(element / "header", "no table");
  EXPECT_THAT(lock.get().error().message, HasSubstr(lock.name().str() + "/header: table: line 1"));
  fs::remove(element / "header");
  EXPECT_THAT(lock.get().error().message, HasSubstr("header: the field is missing"));
  ASSERT_EQ(::mkfifo((element / "header").c_str(), 0600), 0);
  EXPECT_EQ(lock.get().error().code, Errc::malformed);
  fs::remove(element / "header");
  fs::create_symlink("/etc/passwd", element / "header");
  EXPECT_FALSE(lock.get());
  EXPECT_TRUE(lock.armed());
}

TEST_F(NormalTest, ReadingIsBoundedOverAllFields) {
  NormalQueue queue = open_normal();
  const NormalLock lock =
      queue.lock(queue.add({{"header", Table{{"k", "v"}}}, {"binary", std::string(100, 'x')}}).value())
          .value();
  EXPECT_EQ(lock.get(103).error().code, Errc::too_large);
  EXPECT_TRUE(lock.get(104));
  EXPECT_EQ(lock.get_field("binary", 99).error().code, Errc::too_large);
}

TEST_F(NormalTest, RemovingTakesForeignFilesAlongAndLeavesForeignDirectoriesToThePurge) {
  NormalQueue queue = open_normal();
  NormalLock lock = queue.lock(queue.add(message("x")).value()).value();
  write(path / lock.name().str() / ".nfs0001", "foreign");
  EXPECT_TRUE(lock.remove());
  EXPECT_THAT(rubbish(), IsEmpty());
  lock = queue.lock(queue.add(message("x")).value()).value();
  fs::create_directories(path / lock.name().str() / "foreign" / "directory");
  EXPECT_TRUE(lock.remove()) << "it has left the queue";
  age_all(1h);
  EXPECT_THAT(queue.purge().error().message, HasSubstr("obsolete/"));
}

TEST_F(NormalTest, QuarantineKeepsTheElementItsReasonAndNoLock) {
  NormalQueue queue = open_normal();
  NormalLock lock = queue.lock(queue.add(message("x")).value()).value();
  const fs::path aside = queue.quarantine(lock, "not a message").value();
  EXPECT_FALSE(lock.armed());
  EXPECT_EQ(queue.count().value(), 0U);
  EXPECT_EQ(aside.parent_path(), path / "corrupt");
  EXPECT_EQ(content(aside / "text"), "x");
  EXPECT_EQ(content(aside.string() + ".reason"), "not a message\n");
  EXPECT_FALSE(fs::exists(aside / "locked"));
  EXPECT_TRUE(queue.purge());
  EXPECT_TRUE(fs::exists(aside));
}

TEST_F(NormalTest, ListAndStatTellReadyFromLocked) {
  NormalQueue queue = open_normal();
  const ElementName ready = queue.add(message("1")).value();
  const NormalLock lock = queue.lock(queue.add(message("2")).value()).value();
  fs::create_directories(path / "temporary" / "00000000000001");
  fs::create_directories(path / "obsolete" / "00000000000002");
  const auto entries = queue.list().value();
  ASSERT_EQ(entries.size(), 2U);
  EXPECT_EQ(entries[0].name, ready);
  EXPECT_FALSE(entries[0].locked);
  EXPECT_TRUE(entries[1].locked);
  const QueueStat stat = queue.stat().value();
  EXPECT_EQ(stat.ready, 1U);
  EXPECT_EQ(stat.locked, 1U);
  EXPECT_EQ(stat.temporary, 2U);
  EXPECT_EQ(stat.directories, 1U);
  EXPECT_TRUE(stat.oldest_age.has_value());
}

TEST_F(NormalTest, PurgeRemovesWhatIsOldAndNothingElse) {
  NormalQueue queue = open_normal();
  const ElementName old = queue.add(message("old")).value();
  const ElementName young = queue.add(message("young")).value();
  const ElementName free = queue.add(message("free")).value();
  queue.lock(old).value().release();
  queue.lock(young).value().release();
  for (const char* name : {"temporary/00000000000001", "obsolete/00000000000002"}) {
    fs::create_directories(path / name / "locked");
    write(path / name / "text", "half");
    age(path / name, 301s);
  }
  // Being written just now: python3-dirq's purge would take the first of these, and stop at the second.
  fs::create_directories(path / "temporary/00000000000003");
  fs::create_directories(path / "temporary/00000000000004");
  write(path / "temporary/00000000000004/text", "half");
  fs::create_directories(path / "temporary/foreign");
  age(path / "temporary/foreign", 1h);
  age(path / old.str(), 601s);
  age(path / young.str(), 590s);
  age(path / free.str(), 1h);
  const PurgeReport report = queue.purge().value();
  EXPECT_EQ(report.temporaries, 2U);
  EXPECT_EQ(report.locks, 1U);
  EXPECT_EQ(report.directories, 0U);
  EXPECT_FALSE(on_disk(old, "locked"));
  EXPECT_TRUE(on_disk(young, "locked"));
  EXPECT_THAT(rubbish(), ElementsAre("temporary/00000000000003/", "temporary/00000000000004/",
                                     "temporary/00000000000004/text", "temporary/foreign/"));
  EXPECT_EQ(queue.count().value(), 3U);
}

TEST_F(NormalTest, AnAgeOfZeroSwitchesItsHalfOffAndANegativeOneIsRefused) {
  NormalQueue queue = open_normal();
  queue.lock(queue.add(message("x")).value()).value().release();
  fs::create_directories(path / "temporary/00000000000001");
  age_all(1000h);
  const PurgeReport report = queue.purge({.maxtemp = 0s, .maxlock = 0s}).value();
  EXPECT_EQ(report.temporaries + report.locks, 0U);
  EXPECT_EQ(queue.purge({.maxlock = -1s}).error().code, Errc::malformed);
}

TEST_F(NormalTest, PurgeRemovesEmptyDirectoriesButTheLast) {
  NormalQueue queue = open_normal({.elements_max = 1});
  for (const char* text : {"1", "2", "3"}) ASSERT_TRUE(queue.add(message(text)));
  drain_normal(queue);
  ASSERT_TRUE(queue.add(message("4")));
  EXPECT_EQ(queue.purge().value().directories, 2U);
  EXPECT_THAT(drain_normal(queue), ElementsAre("4"));
}

TEST_F(NormalTest, AWriterThatComesBackAfterItsTemporaryWasPurgedWritesTheElementAgain) {
  // At each of its calls in turn the writer is suspended so long that somebody purges.
  for (int step = 1;; ++step) {
    ASSERT_LT(step, 200);
    SCOPED_TRACE(step);
    fs::remove_all(path);
    NormalQueue queue = open_normal({.system = &system});
    int left = step;
    system.before = [&](std::string_view) {
      if (--left == 0) {
        for (const std::string& name : rubbish()) age(path / name, 1h);
        EXPECT_TRUE(open_normal().purge());
      }
      return 0;
    };
    ASSERT_TRUE(queue.add(message("x")));
    system.before = [](std::string_view) { return 0; };
    NormalQueue reader = open_normal();
    EXPECT_THAT(drain_normal(reader), ElementsAre("x"));
    EXPECT_THAT(rubbish(), IsEmpty());
    if (left > 0) break;  // there is no such call any more
  }
}

}  // namespace
}  // namespace simplevisor::dirq
