#include "workers/stomp/ledger.hpp"

#include <gmock/gmock.h>

#include <random>
#include <set>

namespace simplevisor::stomp {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class Book {
 public:
  broker::Tag deliver(AckMode mode, std::size_t subscription = 0) {
    const broker::Tag tag = ledger.add({subscription, mode, "m" + std::to_string(++count_), "", false});
    return tag;
  }
  std::vector<std::string> acknowledge(broker::Tag tag) {
    std::vector<std::string> told;
    for (const auto& entry : ledger.acknowledge(tag)) told.push_back(entry.message_id);
    return told;
  }

  Ledger ledger;

 private:
  int count_ = 0;
};

TEST(Ledger, TellsIndividualAcknowledgementsAtOnce) {
  Book book;
  for (int i = 0; i < 3; ++i) book.deliver(AckMode::individual);
  EXPECT_THAT(book.acknowledge(3), ElementsAre("m3"));
  EXPECT_THAT(book.acknowledge(1), ElementsAre("m1"));
  EXPECT_THAT(book.acknowledge(1), IsEmpty());
  EXPECT_THAT(book.acknowledge(99), IsEmpty());
  EXPECT_EQ(book.ledger.waiting(), 1U);
}

TEST(Ledger, TellsCumulativeOnesWithoutAGapOnly) {
  Book book;
  for (int i = 0; i < 5; ++i) book.deliver(AckMode::cumulative);
  EXPECT_THAT(book.acknowledge(2), IsEmpty());
  EXPECT_THAT(book.acknowledge(4), IsEmpty());
  EXPECT_THAT(book.acknowledge(1), ElementsAre("m2"));
  EXPECT_THAT(book.acknowledge(3), ElementsAre("m4"));
  EXPECT_THAT(book.acknowledge(5), ElementsAre("m5"));
  EXPECT_EQ(book.ledger.waiting(), 0U);
}

TEST(Ledger, TakesACumulativeOneToSpeakForOtherSubscriptionsToo) {
  Book book;
  book.deliver(AckMode::cumulative, 0);
  book.deliver(AckMode::individual, 1);
  book.deliver(AckMode::cumulative, 2);
  book.deliver(AckMode::cumulative, 0);
  EXPECT_THAT(book.acknowledge(3), IsEmpty());
  EXPECT_THAT(book.acknowledge(4), IsEmpty());
  EXPECT_THAT(book.acknowledge(1), ElementsAre("m1"));
  EXPECT_THAT(book.acknowledge(2), ElementsAre("m2", "m3", "m4"));
}

TEST(Ledger, KeepsWhatIsGivenBackCumulativelyAsAGap) {
  Book book;
  book.deliver(AckMode::cumulative);
  book.deliver(AckMode::cumulative);
  EXPECT_FALSE(book.ledger.give_back(1));
  EXPECT_THAT(book.acknowledge(2), IsEmpty());
  book.deliver(AckMode::individual);
  EXPECT_EQ(book.ledger.give_back(3)->message_id, "m3");
  EXPECT_FALSE(book.ledger.give_back(3));
}

TEST(Ledger, NeverTellsOfMoreThanWasAcknowledged) {
  for (std::uint32_t seed = 0; seed < 200; ++seed) {
    std::mt19937 random{seed};
    Book book;
    std::vector<broker::Tag> tags;
    for (int i = 0; i < 60; ++i) tags.push_back(book.deliver(AckMode::cumulative, random() % 3));
    std::ranges::shuffle(tags, random);
    std::set<broker::Tag> acknowledged;
    for (const broker::Tag tag : tags) {
      acknowledged.insert(tag);
      for (const std::string& id : book.acknowledge(tag)) {
        const auto told = static_cast<broker::Tag>(std::stoul(id.substr(1)));
        for (broker::Tag before = 1; before <= told; ++before) {
          ASSERT_TRUE(acknowledged.contains(before)) << "seed " << seed;
        }
      }
    }
    EXPECT_EQ(book.ledger.waiting(), 0U);
  }
}

}  // namespace
}  // namespace simplevisor::stomp
