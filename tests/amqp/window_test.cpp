// The two books of a connection: what waits for a confirm, and what may be acknowledged.
#include <random>

#include "workers/amqp/acknowledgements.hpp"
#include "workers/amqp/body.hpp"
#include "workers/amqp/confirms.hpp"
#include "workers/amqp/failure.hpp"

namespace simplevisor::amqp {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using Order = Acknowledgements::Order;
using Kind = Order::Kind;

class ConfirmsTest : public testing::Test {
 protected:
  ConfirmsTest() {
    for (broker::Ticket ticket = 101; ticket <= 105; ++ticket) {
      confirms.published({.ticket = ticket, .fingerprint = ticket % 2, .exchange = "", .routing_key = ""});
    }
  }
  std::vector<std::string> told() {
    std::vector<std::string> result;
    for (const broker::Event& event : events) {
      if (const auto* yes = std::get_if<broker::Confirmed>(&event))
        result.push_back("+" + std::to_string(yes->ticket));
      if (const auto* no = std::get_if<broker::NotConfirmed>(&event))
        result.push_back("-" + std::to_string(no->ticket));
      if (const auto* bad = std::get_if<broker::Refused>(&event))
        result.push_back("!" + std::to_string(bad->ticket));
    }
    return result;
  }
  Confirms confirms;
  std::vector<broker::Event> events;
};

TEST_F(ConfirmsTest, DecidesOneOrAllUpToOne) {
  EXPECT_TRUE(confirms.acknowledged(2, false, events));
  EXPECT_TRUE(confirms.acknowledged(3, true, events));
  EXPECT_TRUE(confirms.refused(5, false, events));
  EXPECT_TRUE(confirms.acknowledged(0, true, events));
  EXPECT_THAT(told(), ElementsAre("+102", "+101", "+103", "-105", "+104"));
  EXPECT_TRUE(confirms.empty());
}

TEST_F(ConfirmsTest, KnowsAReturnedMessageByItsContentAndRefusesItWhenItIsConfirmed) {
  EXPECT_TRUE(confirms.returned(0, "no route"));
  EXPECT_TRUE(confirms.returned(1, "no route"));
  EXPECT_TRUE(confirms.returned(1, "no route"));
  EXPECT_FALSE(confirms.returned(7, "no route"));
  EXPECT_TRUE(confirms.acknowledged(5, true, events));
  EXPECT_THAT(told(), ElementsAre("!101", "!102", "!103", "+104", "+105"));
}

TEST_F(ConfirmsTest, DoesNotBelieveWhatCannotBe) {
  EXPECT_FALSE(confirms.acknowledged(6, true, events));
  EXPECT_FALSE(confirms.acknowledged(0, false, events));
  EXPECT_TRUE(confirms.acknowledged(1, false, events));
  EXPECT_FALSE(confirms.acknowledged(1, false, events));
  EXPECT_THAT(told(), ElementsAre("+101"));
}

TEST_F(ConfirmsTest, ForgetsWhatWasUndecidedAndCountsAnew) {
  EXPECT_TRUE(confirms.acknowledged(2, false, events));
  std::vector<broker::Ticket> undecided;
  for (const auto& publishing : confirms.forget()) undecided.push_back(publishing.ticket);
  EXPECT_THAT(undecided, ElementsAre(101, 103, 104, 105));
  confirms.published({.ticket = 106, .fingerprint = 0, .exchange = "", .routing_key = ""});
  EXPECT_TRUE(confirms.acknowledged(1, false, events));
  EXPECT_THAT(told(), ElementsAre("+102", "+106"));
}

TEST(Acknowledging, IsCumulativeOverAPrefixAndSingleBehindAGap) {
  Acknowledgements acknowledgements;
  for (std::uint64_t tag = 1; tag <= 8; ++tag) EXPECT_TRUE(acknowledgements.delivered(tag));
  for (const std::uint64_t tag : {3U, 1U, 2U, 6U}) EXPECT_TRUE(acknowledgements.finish(tag));
  EXPECT_THAT(acknowledgements.take(), ElementsAre(Order{3, Kind::ack_all_up_to}, Order{6, Kind::ack}));
  EXPECT_THAT(acknowledgements.take(), IsEmpty());
  EXPECT_TRUE(acknowledgements.give_back(4));
  EXPECT_TRUE(acknowledgements.finish(5));
  EXPECT_TRUE(acknowledgements.finish(7));
  EXPECT_THAT(acknowledgements.take(), ElementsAre(Order{4, Kind::give_back}, Order{7, Kind::ack_all_up_to}));
  EXPECT_TRUE(acknowledgements.finish(8));
  EXPECT_THAT(acknowledgements.take(), ElementsAre(Order{8, Kind::ack}));
}

TEST(Acknowledging, IgnoresTagsThatAreNotOpen) {
  Acknowledgements acknowledgements;
  EXPECT_TRUE(acknowledgements.delivered(5));
  EXPECT_FALSE(acknowledgements.delivered(5));
  EXPECT_FALSE(acknowledgements.finish(4));
  EXPECT_TRUE(acknowledgements.finish(5));
  EXPECT_FALSE(acknowledgements.finish(5));
  EXPECT_FALSE(acknowledgements.give_back(5));
}

// A broker that does what the orders say must have forgotten exactly what was finished, whatever the order.
TEST(Acknowledging, TellsNeitherMoreNorLessInAnyOrder) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE(seed);
  std::mt19937 random(seed);
  for (int round = 0; round < 200; ++round) {
    Acknowledgements acknowledgements;
    std::set<std::uint64_t> open;  // at the broker
    std::set<std::uint64_t> unfinished;
    std::uint64_t last = 0;
    for (int step = 0; step < 300; ++step) {
      if (random() % 3 == 0 || unfinished.empty()) {
        ASSERT_TRUE(acknowledgements.delivered(++last));
        open.insert(last);
        unfinished.insert(last);
      } else {
        const auto chosen = std::next(unfinished.begin(), static_cast<long>(random() % unfinished.size()));
        random() % 4 == 0 ? acknowledgements.give_back(*chosen) : acknowledgements.finish(*chosen);
        unfinished.erase(chosen);
      }
      if (random() % 5 != 0) continue;
      for (const Order& order : acknowledgements.take()) {
        ASSERT_TRUE(open.contains(order.tag)) << "a tag that the broker does not know closes the channel";
        if (order.kind == Kind::ack_all_up_to) {
          open.erase(open.begin(), open.upper_bound(order.tag));
        } else {
          open.erase(order.tag);
        }
      }
      ASSERT_EQ(open, unfinished);
    }
  }
}

TEST(BodyOfAMessage, KeepsNoMoreThanIsWanted) {
  Body body;
  body.start(10, 100);
  EXPECT_TRUE(body.append("01234"));
  EXPECT_FALSE(body.complete());
  EXPECT_TRUE(body.append("56789"));
  EXPECT_TRUE(body.complete());
  EXPECT_EQ(body.take(), "0123456789");
  body.start(0, 100);
  EXPECT_TRUE(body.complete());
  body.start(5, 100);
  EXPECT_FALSE(body.append("123456"));
  body.start(UINT64_MAX, 4);  // announced, not allocated
  EXPECT_TRUE(body.too_large());
  EXPECT_TRUE(body.append("123456"));
  EXPECT_EQ(body.take(), "1234");
}

TEST(ReplyCodes, SayWhatTheCallerCanDo) {
  using Failure = broker::Failure::Kind;
  EXPECT_EQ(kind_of(403, ""), Failure::authentication);
  EXPECT_EQ(kind_of(530, "NOT_ALLOWED - vhost x not found"), Failure::configuration);
  EXPECT_EQ(kind_of(530, "NOT_ALLOWED - access to vhost 'x' refused for user 'u'"), Failure::authentication);
  EXPECT_EQ(kind_of(404, "NOT_FOUND - no queue 'q' in vhost '/'"), Failure::configuration);
  EXPECT_EQ(kind_of(404, "NOT_FOUND - home node 'n' of durable queue 'q' is down or inaccessible"),
            Failure::temporary);
  EXPECT_EQ(kind_of(406, "PRECONDITION_FAILED - inequivalent arg"), Failure::configuration);
  EXPECT_EQ(kind_of(406, "PRECONDITION_FAILED - delivery acknowledgement on channel 1 timed out"),
            Failure::temporary);
  EXPECT_EQ(kind_of(405, ""), Failure::temporary);
  EXPECT_EQ(kind_of(320, ""), Failure::unavailable);
  EXPECT_EQ(kind_of(501, ""), Failure::protocol);
  EXPECT_EQ(kind_of(541, ""), Failure::temporary);
  EXPECT_EQ(kind_of(999, ""), Failure::unavailable);
}

}  // namespace
}  // namespace simplevisor::amqp
