// tests/dirq/taker_test.cpp
#include "workers/dirq/taker.hpp"

#include <gmock/gmock.h>

#include <map>
#include <utility>

#include "tests/dirq/support.hpp"
#include "workers/dirq/batch.hpp"

namespace simplevisor::dirq {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing_support::QueueTest;
namespace fs = std::filesystem;

class TakerTest : public QueueTest {
 protected:
  void fill(int count) const {
    fs::create_directories(path / "00000001");
    for (int i = 0; i < count; ++i) {
      write(path / "00000001" / element_text(static_cast<std::uint64_t>(i)).data(), std::to_string(i));
    }
  }
  // The next element's content; "" at the end of the pass. Removed when taken.
  static std::string take(Taker& taker) {
    auto lock = taker.next().value();
    if (!lock) return "";
    std::string content = lock->get().value();
    EXPECT_TRUE(lock->remove());
    return content;
  }
};

TEST_F(TakerTest, ALoneTakerIsFirstInFirstOut) {
  Queue queue = open();
  fill(100);
  Taker taker(queue);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(take(taker), std::to_string(i));
  EXPECT_EQ(take(taker), "");
  EXPECT_EQ(taker.meetings(), 0U);
}

TEST_F(TakerTest, ANewPassSeesWhatCameSince) {
  Queue queue = open();
  Taker taker(queue);
  EXPECT_EQ(take(taker), "");
  fill(1);
  EXPECT_EQ(take(taker), "0");
  EXPECT_EQ(take(taker), "");
}

TEST_F(TakerTest, ElementsListedAsLockedAreNotTried) {
  Queue queue = open({.system = &system});
  fill(3);
  const Lock held = queue.lock({1, 1}).value();
  int links = 0;
  system.after = [&](std::string_view call) { links += call == "link"; };
  Taker taker(queue);
  EXPECT_EQ(take(taker), "0");
  EXPECT_EQ(take(taker), "2");
  EXPECT_EQ(take(taker), "");
  EXPECT_EQ(taker.meetings(), 0U);
  EXPECT_EQ(links, 2);
}

TEST_F(TakerTest, TwoTakersLeapOverEachOthersStretches) {
  Queue queue = open();
  fill(100);
  Taker one(queue, {.stretch = 10});
  Taker two(queue, {.stretch = 10});
  EXPECT_EQ(take(one), "0");
  EXPECT_EQ(take(two), "1");   // listed after 0 was gone
  EXPECT_EQ(take(one), "10");  // 1 is gone: this stretch is another's
  EXPECT_EQ(take(two), "2");
  EXPECT_EQ(take(one), "11");
  EXPECT_EQ(one.meetings(), 1U);
  EXPECT_EQ(two.meetings(), 0U);
}

TEST_F(TakerTest, TogetherTheyTakeEverythingOnce) {
  Queue queue = open();
  fill(500);
  std::vector<Taker> takers;
  for (int i = 0; i < 4; ++i) takers.emplace_back(queue, TakerOptions{.stretch = 8});
  std::set<std::string> seen;
  std::size_t taken = 0;
  for (bool progress = true; std::exchange(progress, false);) {
    for (Taker& taker : takers) {
      const std::string content = take(taker);
      if (content.empty()) continue;
      progress = true;
      ++taken;
      seen.insert(content);
    }
  }
  EXPECT_EQ(taken, 500U);
  EXPECT_EQ(seen.size(), 500U);
  EXPECT_THAT(files(), IsEmpty());
}

TEST_F(TakerTest, WhatWasLeaptOverIsTakenInTheSamePass) {
  Queue queue = open();
  fill(20);
  Taker taker(queue, {.stretch = 10});
  EXPECT_EQ(take(taker), "0");
  ASSERT_TRUE(queue.lock({1, 1}).value().remove());
  std::vector<std::string> order;
  for (std::string content = take(taker); !content.empty(); content = take(taker)) order.push_back(content);
  EXPECT_THAT(order, ElementsAre("10", "11", "12", "13", "14", "15", "16", "17", "18", "19", "2", "3", "4",
                                 "5", "6", "7", "8", "9"));
}

TEST_F(TakerTest, AnElementThatAnotherHoldsForLongDoesNotKeepThePassFromEnding) {
  Queue queue = open({.system = &system});
  fill(3);
  // Locked by another after each listing of ours, and before we try.
  system.before = [](std::string_view call) { return call == "link" ? -EEXIST : 0; };
  Taker taker(queue, {.stretch = 2});
  EXPECT_EQ(taker.next().value().has_value(), false);
  EXPECT_GE(taker.meetings(), 3U);
}

TEST_F(TakerTest, ElementsThatCannotBeLockedArePassedByAndToldAtTheEndOfThePass) {
  Queue queue = open({.system = &system});
  fill(5);
  Taker taker(queue);
  int links = 0;
  system.before = [&](std::string_view call) { return call == "link" && ++links <= 3 ? -EPERM : 0; };
  EXPECT_EQ(take(taker), "3");
  EXPECT_EQ(take(taker), "4");
  EXPECT_EQ(take(taker), "");
  EXPECT_EQ(taker.passed_by().elements, 3U);
  EXPECT_EQ(taker.passed_by().first.code, Errc::permission);
  EXPECT_THAT(taker.passed_by().first.message, HasSubstr("lock " + path.string()));
  EXPECT_EQ(take(taker), "0");
  EXPECT_EQ(take(taker), "1");
  EXPECT_EQ(take(taker), "2");
  EXPECT_EQ(take(taker), "");
  EXPECT_EQ(taker.passed_by().elements, 0U) << "the next pass had no trouble";
}

TEST_F(TakerTest, ADirectoryInTheirMidstIsCalledOne) {
  Queue queue = open();
  fs::create_directories(path / "00000000" / "00000000000000");
  fill(1);
  Taker taker(queue);
  EXPECT_EQ(take(taker), "0");
  EXPECT_EQ(take(taker), "");
  EXPECT_EQ(taker.passed_by().elements, 1U);
  EXPECT_THAT(taker.passed_by().first.message, HasSubstr("is a directory: an element of a normal queue?"));
}

TEST_F(TakerTest, AQueueThatIsMovedAwayAndMadeAnewIsFollowed) {
  Queue queue = open();
  fill(1);
  Taker taker(queue);
  EXPECT_EQ(take(taker), "0");
  EXPECT_EQ(take(taker), "");
  const fs::path away = path.string() + ".away";
  fs::rename(path, away);
  EXPECT_EQ(taker.next().error().code, Errc::no_queue) << "nothing is there";
  {
    Queue other = open();
    ASSERT_TRUE(other.add("new"));
  }
  taker.restart();
  EXPECT_EQ(take(taker), "new");
  // Where a symbolic link leads.
  EXPECT_EQ(take(taker), "");
  fs::remove_all(path);
  fs::create_symlink(away, path);
  {
    Queue other = open();
    ASSERT_TRUE(other.add("behind a link"));
  }
  EXPECT_EQ(take(taker), "behind a link");
}

TEST_F(TakerTest, AWriterFollowsItsQueueWhenTheTimeForANewDirectoryHasCome) {
  Queue queue = open({.granularity = std::chrono::seconds{1}, .system = &system});
  ASSERT_TRUE(queue.add("before"));
  fs::rename(path, path.string() + ".away");
  Queue other = open();
  system.clock = [] { return timespec{::time(nullptr) + 10, 0}; };
  ASSERT_TRUE(queue.add("after"));
  EXPECT_EQ(other.count().value(), 1U);
}

TEST_F(TakerTest, WhatConcernsAllElementsIsAnErrorAtOnce) {
  Queue queue = open({.system = &system});
  fill(2);
  Taker taker(queue);
  system.fail("link", ENOSPC);
  EXPECT_EQ(taker.next().error().code, Errc::no_space);
  EXPECT_EQ(take(taker), "1");
}

TEST_F(TakerTest, WhatOnlyHasTheNameOfADirectoryIsPassedBy) {
  Queue queue = open();
  write(path / "00000000", "a file");
  fs::create_symlink("/", path / "00000002");
  ASSERT_EQ(::mkfifo((path / "00000003").c_str(), 0600), 0);
  fill(1);
  Taker taker(queue);
  EXPECT_EQ(take(taker), "0");
  EXPECT_EQ(take(taker), "");
  EXPECT_EQ(queue.count().value(), 0U);
  EXPECT_EQ(queue.list().value().size(), 0U);
  EXPECT_EQ(queue.purge().value().directories, 1U);
  EXPECT_TRUE(fs::exists(path / "00000000"));
}

TEST_F(TakerTest, ADirectoryThatCannotBeListedIsPassedBy) {
  Queue queue = open({.system = &system});
  fs::create_directories(path / "00000000");
  fill(1);
  Taker taker(queue);
  system.fail("open", EACCES, 2);  // the first is the queue itself
  EXPECT_EQ(take(taker), "0");
  EXPECT_EQ(take(taker), "");
  EXPECT_EQ(taker.passed_by().first.code, Errc::permission);
}

TEST_F(TakerTest, DirectoriesAreTakenOldestFirst) {
  Queue queue = open();
  fs::create_directories(path / "00000002");
  write(path / "00000002" / "00000000000000", "later");
  fill(1);
  Taker taker(queue);
  EXPECT_EQ(take(taker), "0");
  EXPECT_EQ(take(taker), "later");
  EXPECT_EQ(take(taker), "");
}

TEST_F(TakerTest, RestartingBeginsAtTheOldestAgain) {
  Queue queue = open();
  fill(3);
  Taker taker(queue);
  {
    const Lock given_back = std::move(*taker.next().value());
  }
  taker.restart();
  EXPECT_EQ(take(taker), "0");
}

TEST_F(TakerTest, ABatchIsInvisibleUntilItIsCommitted) {
  Queue queue = open({.durability = Durability::full});
  Batch batch(queue);
  ASSERT_TRUE(batch.add("1"));
  ASSERT_TRUE(batch.add("2"));
  EXPECT_EQ(queue.count().value(), 0U);
  std::vector<ElementName> published;
  ASSERT_TRUE(batch.commit(published));
  EXPECT_EQ(published.size(), 2U);
  EXPECT_LT(published[0], published[1]);
  EXPECT_THAT(drain(queue), ElementsAre("1", "2"));
  EXPECT_EQ(batch.size(), 0U);
}

TEST_F(TakerTest, ABatchThatIsNotCommittedLeavesNothing) {
  Queue queue = open();
  {
    Batch batch(queue);
    ASSERT_TRUE(batch.add("1"));
    EXPECT_EQ(files().size(), 1U);
  }
  EXPECT_THAT(files(), IsEmpty());
}

TEST_F(TakerTest, ABatchSynchronisesContentsAndEachDirectoryOnceHoweverManyElements) {
  std::map<std::string, int> calls;
  system.after = [&](std::string_view call) { ++calls[std::string(call)]; };
  Queue queue = open({.durability = Durability::full, .system = &system});
  Batch batch(queue);
  while (!batch.full()) ASSERT_TRUE(batch.add("x"));
  std::vector<ElementName> published;
  ASSERT_TRUE(batch.commit(published));
  EXPECT_EQ(published.size(), Batch::elements_max);
  EXPECT_EQ(calls["syncfs"], 1);
  EXPECT_EQ(calls["fdatasync"], 0);
  EXPECT_LE(calls["fsync"], 4);  // one directory, or two when a minute ends meanwhile, each with TOP
}

}  // namespace
}  // namespace simplevisor::dirq
