// tests/dirq/queue_set_test.cpp
#include "workers/dirq/queue_set.hpp"

#include <gmock/gmock.h>

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

class QueueSetTest : public NormalTest {
 protected:
  [[nodiscard]] fs::path at(const std::string& name) const { return root / name; }
  [[nodiscard]] Queue simple(const std::string& name, Options options = {}) const {
    return Queue::open(at(name).string(), options).value();
  }
  // An element of the given name in a simple queue.
  void put(const std::string& queue, const std::string& name) const {
    fs::create_directories((at(queue) / name).parent_path());
    write(at(queue) / name, "x");
  }
  void put_normal(const std::string& queue, const std::string& name) const {
    fs::create_directories(at(queue) / name);
    write(at(queue) / name / "header", "");
  }
  // Browses on to the end: "queue:last digits of the element".
  static std::vector<std::string> rest(QueueSet& set, Result<std::optional<QueueSet::Item>> item) {
    std::vector<std::string> seen;
    for (; item.value(); item = set.next())
      seen.push_back(std::to_string((*item)->member) + ":" + std::to_string((*item)->name.element));
    return seen;
  }
};

TEST_F(QueueSetTest, ElementsOfAllQueuesComeOldestFirstWhateverTheirDirectories) {
  put("a", "00000010/00000000000001");
  put("a", "00000010/00000000000004");
  put_normal("b", "00000000/00000000000003");
  put_normal("b", "00000001/00000000000005");
  put("c", "00000020/00000000000002");
  QueueSet set;
  ASSERT_TRUE(set.add(simple("a")));
  ASSERT_TRUE(set.add(NormalQueue::open(at("b").string()).value()));
  ASSERT_TRUE(set.add(simple("c")));
  EXPECT_EQ(set.size(), 3U);
  EXPECT_EQ(set.count().value(), 5U);
  EXPECT_THAT(rest(set, set.first()), ElementsAre("0:1", "2:2", "1:3", "0:4", "1:5"));
  EXPECT_FALSE(set.next().value()) << "the pass stays over";
  EXPECT_EQ(rest(set, set.first()).size(), 5U);
}

TEST_F(QueueSetTest, WhatIsFoundIsLockedInItsQueue) {
  QueueSet set;
  ASSERT_TRUE(set.add(simple("a")));
  ASSERT_TRUE(set.add(open_normal()));
  NormalQueue normal = open_normal();
  ASSERT_TRUE(normal.add(message("x")));
  const auto item = set.first().value();
  ASSERT_TRUE(item);
  NormalLock lock = std::get<NormalQueue>(set.queue(item->member)).lock(item->name).value();
  EXPECT_EQ(text_of(lock.get().value()), "x");
  EXPECT_TRUE(lock.remove());
  EXPECT_EQ(set.count().value(), 0U);
}

TEST_F(QueueSetTest, AQueueIsInASetOnceByWhateverPath) {
  QueueSet set;
  ASSERT_TRUE(set.add(simple("a")));
  fs::create_directory_symlink(at("a"), at("alias"));
  const auto refused = set.add(simple("alias"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::malformed);
  EXPECT_THAT(refused.error().message, HasSubstr(at("alias").string()));
  EXPECT_EQ(set.size(), 1U);
  EXPECT_TRUE(set.remove(simple("a").identity()));
  EXPECT_FALSE(set.remove(simple("a").identity()));
  EXPECT_TRUE(set.add(simple("alias")));
}

TEST_F(QueueSetTest, BrowsingTheSetDoesNotMoveTheQueuesItWasMadeOf) {
  put("a", "00000010/00000000000001");
  put("a", "00000010/00000000000002");
  Queue queue = simple("a");
  ASSERT_TRUE(queue.first().value());
  QueueSet set;
  ASSERT_TRUE(set.add(queue));
  EXPECT_EQ(rest(set, set.first()).size(), 2U);
  EXPECT_EQ(queue.next().value()->element, 2U);
}

TEST_F(QueueSetTest, ANewMemberEndsThePass) {
  put("a", "00000010/00000000000001");
  put("a", "00000010/00000000000002");
  QueueSet set;
  EXPECT_FALSE(set.first().value());
  ASSERT_TRUE(set.add(simple("a")));
  EXPECT_FALSE(set.next().value()) << "none was begun";
  ASSERT_TRUE(set.first().value());
  ASSERT_TRUE(set.add(simple("b")));
  EXPECT_FALSE(set.next().value());
  ASSERT_TRUE(set.first().value());
  EXPECT_TRUE(set.remove(simple("a").identity()));
  EXPECT_THAT(rest(set, set.first()), IsEmpty());
}

TEST_F(QueueSetTest, WhatCannotBeListedIsReportedAndPassedBy) {
  put("a", "00000010/00000000000001");
  put("a", "00000011/00000000000003");
  put("b", "00000020/00000000000002");
  QueueSet set;
  ASSERT_TRUE(set.add(simple("a", {.system = &system})));
  ASSERT_TRUE(set.add(simple("b")));
  system.fail("open", EACCES, 2);  // the first directory of a
  EXPECT_EQ(set.first().error().code, Errc::permission);
  EXPECT_THAT(rest(set, set.next()), ElementsAre("1:2", "0:3"));
  system.fail("open", EACCES);  // a as a whole
  EXPECT_EQ(set.first().error().code, Errc::permission);
  EXPECT_THAT(rest(set, set.next()), ElementsAre("1:2"));
  system.fail("open", EACCES);
  EXPECT_FALSE(set.count());
}

}  // namespace
}  // namespace simplevisor::dirq
