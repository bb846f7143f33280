// tests/dirq/queue_test.cpp
#include "workers/dirq/queue.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <unistd.h>

#include "tests/dirq/support.hpp"

namespace simplevisor::dirq {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing_support::QueueTest;
namespace fs = std::filesystem;

TEST_F(QueueTest, OpeningMakesTheDirectoryItsParentsAndNothingElse) {
  path = root / "a" / "b" / "queue";
  const Queue queue = open();
  EXPECT_TRUE(fs::is_directory(path));
  EXPECT_TRUE(fs::is_empty(path));
  EXPECT_EQ(queue.path(), path.string());
}

TEST_F(QueueTest, OpeningRefusesWhatIsNoQueue) {
  write(path, "a file");
  EXPECT_EQ(Queue::open(path.string()).error().code, Errc::no_queue);
  EXPECT_EQ(Queue::open((root / "absent").string(), {.create = false}).error().code, Errc::no_queue);
  EXPECT_EQ(Queue::open("").error().code, Errc::malformed);
  EXPECT_EQ(Queue::open(std::string("a\0b", 3)).error().code, Errc::malformed);
  EXPECT_EQ(Queue::open(std::string(5000, 'x')).error().code, Errc::malformed);
}

TEST_F(QueueTest, OpeningRefusesOptionsOutOfRangeAndNamesThem) {
  const auto refusal = [&](const Options& options) {
    return Queue::open(path.string(), options).error().message;
  };
  EXPECT_THAT(refusal({.granularity = std::chrono::seconds(-1)}), HasSubstr("granularity"));
  EXPECT_THAT(refusal({.rndhex = 16}), HasSubstr("rndhex"));
  EXPECT_THAT(refusal({.umask = 01000}), HasSubstr("umask"));
  EXPECT_THAT(refusal({.recycle = 1'000'000}), HasSubstr("recycle"));
  EXPECT_FALSE(fs::exists(path));
}

TEST_F(QueueTest, TwoPathsToOneQueueHaveOneIdentity) {
  const Queue queue = open();
  fs::create_directory_symlink(path, root / "alias");
  EXPECT_EQ(queue.identity(), Queue::open((root / "alias").string()).value().identity());
  EXPECT_NE(queue.identity(), Queue::open((root / "other").string()).value().identity());
}

TEST_F(QueueTest, AnElementIsOneFileWithTheContentGiven) {
  Queue queue = open();
  const std::string bytes("a\0\xff\n", 4);
  const ElementName name = queue.add(bytes).value();
  EXPECT_THAT(files(), ElementsAre(name.str()));
  EXPECT_EQ(content(file(name)), bytes);
  EXPECT_EQ(queue.size(name).value(), 4U);
}

TEST_F(QueueTest, PiecesBecomeOneElement) {
  Queue queue = open();
  std::vector<std::string_view> parts(200, "ab");
  parts[100] = "";
  std::string whole;
  for (const auto part : parts) whole += part;
  EXPECT_EQ(content(file(queue.add(parts).value())), whole);
}

TEST_F(QueueTest, EmptyElementsAreLegal) {
  Queue queue = open();
  ASSERT_TRUE(queue.add(""));
  EXPECT_THAT(drain(queue), ElementsAre(""));
}

TEST_F(QueueTest, ADescriptorIsReadToItsEnd) {
  Queue queue = open();
  const std::string big(300'000, 'z');
  write(root / "input", big);
  const int descriptor = ::open((root / "input").c_str(), O_RDONLY | O_CLOEXEC);
  const ElementName name = queue.add_from(descriptor).value();
  ::close(descriptor);
  EXPECT_EQ(content(file(name)), big);
}

TEST_F(QueueTest, AFileIsTakenOverWithItsModeAndTimeAndItsPathDisappears) {
  Queue queue = open();
  write(root / "message", "content");
  fs::permissions(root / "message", fs::perms(0640));
  age(root / "message", std::chrono::hours(5));
  const auto time = fs::last_write_time(root / "message");
  const ElementName name = queue.add_path((root / "message").string()).value();
  EXPECT_FALSE(fs::exists(root / "message"));
  EXPECT_EQ(fs::status(file(name)).permissions(), fs::perms(0640));
  EXPECT_EQ(fs::last_write_time(file(name)), time);
  EXPECT_EQ(content(file(name)), "content");
}

TEST_F(QueueTest, OnlyRegularFilesAreTakenOver) {
  Queue queue = open();
  fs::create_directory(root / "directory");
  fs::create_symlink("nowhere", root / "link");
  EXPECT_EQ(queue.add_path((root / "directory").string()).error().code, Errc::malformed);
  EXPECT_EQ(queue.add_path((root / "link").string()).error().code, Errc::malformed);
  EXPECT_EQ(queue.add_path((root / "absent").string()).error().code, Errc::gone);
  EXPECT_EQ(queue.count().value(), 0U);
}

TEST_F(QueueTest, ModesFollowTheQueuesUmaskWhateverTheProcesssIs) {
  const mode_t before = ::umask(077);
  Queue queue = open({.umask = 0});
  const ElementName name = queue.add("x").value();
  ::umask(before);
  EXPECT_EQ(fs::status(path).permissions(), fs::perms(0777));
  EXPECT_EQ(fs::status(file(name).parent_path()).permissions(), fs::perms(0777));
  EXPECT_EQ(fs::status(file(name)).permissions(), fs::perms(0666));
}

TEST_F(QueueTest, WithoutAnOptionTheProcesssUmaskCounts) {
  const mode_t before = ::umask(027);
  Queue queue = open();
  const ElementName name = queue.add("x").value();
  ::umask(before);
  EXPECT_EQ(fs::status(path).permissions(), fs::perms(0750));
  EXPECT_EQ(fs::status(file(name)).permissions(), fs::perms(0640));
}

TEST_F(QueueTest, NamesOfOneWriterRiseEvenWhenTheClockStandsStillOrStepsBackALittle) {
  std::int64_t nanoseconds = 500'000'000;
  system.clock = [&] { return timespec{1'700'000'000, nanoseconds}; };
  Queue queue = open({.rndhex = 3, .system = &system});
  const ElementName first = queue.add("1").value();
  const ElementName second = queue.add("2").value();
  nanoseconds -= 100'000'000;
  const ElementName third = queue.add("3").value();
  EXPECT_LT(first, second);
  EXPECT_LT(second, third);
  EXPECT_EQ(third.element & 15U, 3U);
}

TEST_F(QueueTest, WritersThatDrawTheSameNamesDoNotOverwriteEachOther) {
  system.clock = [] { return timespec{1'700'000'000, 0}; };
  Queue one = open({.rndhex = 7, .system = &system});
  Queue two = open({.rndhex = 7, .system = &system});
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(one.add("one"));
    ASSERT_TRUE(two.add("two"));
  }
  EXPECT_EQ(one.count().value(), 40U);
}

TEST_F(QueueTest, GranularitiesMayBeMixed) {
  std::int64_t seconds = 1'700'000'000;
  system.clock = [&] { return timespec{seconds, 0}; };
  Queue minute = open({.system = &system});
  Queue second = open({.granularity = std::chrono::seconds(0), .system = &system});
  ASSERT_TRUE(minute.add("1"));
  ASSERT_TRUE(second.add("2"));
  ++seconds;
  ASSERT_TRUE(minute.add("1"));
  ASSERT_TRUE(second.add("3"));
  EXPECT_THAT(drain(minute), ElementsAre("1", "1", "2", "3"));
}

TEST_F(QueueTest, IterationIsSortedSkipsEmptyDirectoriesAndSeesLockedElements) {
  Queue queue = open();
  fs::create_directories(path / "00000001");
  fs::create_directories(path / "00000002");
  fs::create_directories(path / "00000003");
  fs::create_directories(path / "0000000A");
  write(path / "00000003" / "00000000000001", "c");
  write(path / "00000001" / "00000000000002", "b");
  write(path / "00000001" / "00000000000001", "a");
  write(path / "00000001" / "00000000000003.tmp", "not yet");
  write(path / "0000000A" / "00000000000001", "foreign");
  const Lock lock = queue.lock(*ElementName::parse("00000001/00000000000001")).value();
  std::vector<std::string> names;
  for (auto name = queue.first().value(); name; name = queue.next().value()) names.push_back(name->str());
  EXPECT_THAT(names,
              ElementsAre("00000001/00000000000001", "00000001/00000000000002", "00000003/00000000000001"));
  EXPECT_EQ(queue.next().value(), std::nullopt);
  EXPECT_EQ(queue.count().value(), 3U);
}

TEST_F(QueueTest, ADirectoryPurgedDuringAPassIsAnEmptyOne) {
  Queue queue = open();
  fs::create_directories(path / "00000001");
  fs::create_directories(path / "00000002");
  write(path / "00000001" / "00000000000001", "");
  ASSERT_TRUE(queue.first().value());
  fs::remove(path / "00000002");
  EXPECT_EQ(queue.next().value(), std::nullopt);
}

TEST_F(QueueTest, ElementsAddedToADirectoryNotListedYetAreSeenInTheSamePass) {
  Queue queue = open();
  fs::create_directories(path / "00000001");
  fs::create_directories(path / "00000002");
  write(path / "00000001" / "00000000000001", "");
  ASSERT_TRUE(queue.first().value());
  write(path / "00000002" / "00000000000001", "");
  EXPECT_EQ(queue.next().value()->str(), "00000002/00000000000001");
}

TEST_F(QueueTest, AQueueThatWasDeletedIsAnErrorAndOneThatIsBackIsFoundAgain) {
  Queue queue = open();
  ASSERT_TRUE(queue.add("x"));
  fs::remove_all(path);
  EXPECT_EQ(queue.count().error().code, Errc::no_queue);
  EXPECT_EQ(queue.add("y").error().code, Errc::gone);
  fs::create_directory(path);
  EXPECT_TRUE(queue.add("z"));
  EXPECT_THAT(drain(queue), ElementsAre("z"));
  EXPECT_THAT(files(), IsEmpty());
}

TEST_F(QueueTest, AWriterSurvivesAPurgeOfItsDirectory) {
  Queue queue = open();
  const ElementName name = queue.add("x").value();
  drain(queue);
  fs::remove(file(name).parent_path());
  EXPECT_TRUE(queue.add("y"));
  fs::remove_all(file(name).parent_path());
  write(root / "message", "z");
  EXPECT_TRUE(queue.add_path((root / "message").string()));
  EXPECT_THAT(drain(queue), ElementsAre("z"));
}

TEST_F(QueueTest, ATakerFindsElementsInADirectoryThatWasPurgedAndMadeAgain) {
  Queue queue = open();
  fs::create_directories(path / "00000001");
  write(path / "00000001" / "00000000000001", "old");
  EXPECT_THAT(drain(queue), ElementsAre("old"));
  fs::remove(path / "00000001");
  fs::create_directories(path / "00000001");
  write(path / "00000001" / "00000000000001", "new");
  EXPECT_THAT(drain(queue), ElementsAre("new"));
}

TEST_F(QueueTest, ListTellsLockedFromReady) {
  Queue queue = open();
  const ElementName first = queue.add("1").value();
  const ElementName second = queue.add("2").value();
  const Lock lock = queue.lock(first).value();
  const auto entries = queue.list().value();
  ASSERT_EQ(entries.size(), 2U);
  EXPECT_EQ(entries[0].name, first);
  EXPECT_TRUE(entries[0].locked);
  EXPECT_EQ(entries[1].name, second);
  EXPECT_FALSE(entries[1].locked);
}

TEST_F(QueueTest, StatCountsAndTakesAgeAndRateFromTheNames) {
  system.clock = [] { return timespec{1'700'000'000, 0}; };
  Queue queue = open({.system = &system});
  const ElementName name = queue.add("now").value();
  fs::create_directories(path / "00000001");
  const auto old = element_text(element_at(1'700'000'000 - 500, 0, 0));
  write(path / "00000001" / old.data(), "");
  write(path / "00000001" / "00000000000001.tmp", "");
  const Lock lock = queue.lock(name).value();
  const QueueStat stat = queue.stat().value();
  EXPECT_EQ(stat.ready, 1U);
  EXPECT_EQ(stat.locked, 1U);
  EXPECT_EQ(stat.temporary, 1U);
  EXPECT_EQ(stat.directories, 2U);
  EXPECT_EQ(stat.oldest_age, std::chrono::seconds(500));
  EXPECT_DOUBLE_EQ(stat.rate, 1.0 / 60.0);
}

TEST_F(QueueTest, StatOfAnEmptyQueueHasNoOldest) {
  EXPECT_EQ(open().stat().value().oldest_age, std::nullopt);
}

TEST_F(QueueTest, DurableAddsSynchroniseContentAndDirectoryInOrder) {
  std::vector<std::string> calls;
  system.after = [&](std::string_view call) {
    if (call == "fdatasync" || call == "fsync" || call == "rename") calls.emplace_back(call);
  };
  Queue full = open({.durability = Durability::full, .system = &system});
  ASSERT_TRUE(full.add("1"));
  EXPECT_THAT(calls,
              ElementsAre("fdatasync", "rename", "fsync", "fsync"));  // the directory, then its entry in TOP
  calls.clear();
  ASSERT_TRUE(full.add("2"));
  EXPECT_THAT(calls, ElementsAre("fdatasync", "rename", "fsync"));
  calls.clear();
  Queue data = open({.durability = Durability::data, .system = &system});
  ASSERT_TRUE(data.add("3"));
  EXPECT_THAT(calls, ElementsAre("fdatasync", "rename"));
}

}  // namespace
}  // namespace simplevisor::dirq
