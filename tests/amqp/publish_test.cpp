// Publishing to a real RabbitMQ: what is confirmed, what is refused, and that one bad message does not stop the others.
#include "tests/amqp/driver.hpp"

namespace simplevisor::amqp {
namespace {

using broker::Failure;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Key;
using testing::SizeIs;
using testing::UnorderedElementsAre;

class Publishing : public WithRabbitMq {};

TEST_F(Publishing, ConfirmsWhatIsInTheQueue) {
  Driver sender(options());
  ASSERT_TRUE(sender.connect()) << sender.failure();
  EXPECT_THAT(sender.connected->description, HasSubstr("RabbitMQ 3."));
  for (broker::Ticket ticket = 1; ticket <= 500; ++ticket) sender->publish(ticket, message_to(to_queue()));
  ASSERT_TRUE(sender.decided(500));
  EXPECT_THAT(sender.confirmed, SizeIs(500));
  EXPECT_TRUE(sender.disconnect()) << sender.failure();
  EXPECT_EQ(depth(queue()), 500U);
}

TEST_F(Publishing, RefusesWhatNoQueueIsBoundFor) {
  Driver sender(options());
  ASSERT_TRUE(sender.connect());
  sender->publish(1, message_to(to_queue(), "routed"));
  sender->publish(2, message_to("/topic/nobody.listens", "lost"));
  sender->publish(3, message_to("/topic/nobody.listens", "lost"));
  sender->publish(4, message_to(to_queue(), "routed"));
  ASSERT_TRUE(sender.decided(4));
  EXPECT_THAT(sender.confirmed, ElementsAre(1, 4));
  EXPECT_THAT(sender.refused, ElementsAre(Key(2), Key(3)));
  EXPECT_THAT(sender.refused[2], HasSubstr("NO_ROUTE"));
}

TEST_F(Publishing, ConfirmsWhatIsNotMandatoryThoughNobodyWillGetIt) {
  Options loose = options();
  loose.mandatory = false;
  Driver sender(loose);
  ASSERT_TRUE(sender.connect());
  sender->publish(1, message_to("/topic/nobody.listens"));
  ASSERT_TRUE(sender.decided(1));
  EXPECT_THAT(sender.confirmed, ElementsAre(1));
}

TEST_F(Publishing, ConfirmsAtOnceWithoutReliability) {
  Options loose = options();
  loose.reliable = false;
  Driver sender(loose);
  ASSERT_TRUE(sender.connect());
  sender->publish(1, message_to("/topic/nobody.listens"));
  sender->publish(2, message_to(to_queue(), std::string(1'000'000, 'x')));
  ASSERT_TRUE(sender.decided(2));
  EXPECT_THAT(sender.confirmed, ElementsAre(1, 2));
}

TEST_F(Publishing, BlamesTheOneForAnExchangeThatIsNotThereAndGoesOn) {
  Driver sender(options());
  ASSERT_TRUE(sender.connect());
  for (broker::Ticket ticket = 1; ticket <= 20; ++ticket) {
    sender->publish(ticket, message_to(ticket == 7 ? "/exchange/missing/key" : to_queue()));
  }
  ASSERT_TRUE(sender.decided(20));
  EXPECT_FALSE(sender.closed) << sender.failure();
  ASSERT_THAT(sender.refused, ElementsAre(Key(7)));
  EXPECT_THAT(sender.refused[7], HasSubstr("no exchange 'missing'"));
  sender->publish(21, message_to(to_queue()));
  ASSERT_TRUE(sender.run_until([&] { return sender.confirmed.contains(21) || sender.closed; }));
  EXPECT_FALSE(sender.closed) << sender.failure();
}

TEST_F(Publishing, SaysThatSomeMessageIsToBlameWhenItCannotTellWhich) {
  Options spoofing = options();
  spoofing.mapping.login =
      "somebody";  // so that a foreign user-id goes out, on which the broker closes the channel
  Driver sender(spoofing);
  ASSERT_TRUE(sender.connect());
  message::Message bad = message_to(to_queue());
  bad.header["user-id"] = "somebody";
  sender->publish(1, bad);
  sender->publish(2, message_to(to_queue()));
  ASSERT_TRUE(sender.run_until([&] { return sender.closed || sender.confirmed.contains(2); }));
  // Had the first been alone when the broker answered, it would have been refused.
  if (sender.closed) {
    EXPECT_TRUE(sender.closed->message_to_blame);
    EXPECT_EQ(sender.failure_kind(), Failure::Kind::configuration);
  } else {
    EXPECT_THAT(sender.refused, ElementsAre(Key(1)));
  }
}

TEST_F(Publishing, RefusesTheOnlyMessageThatCanBeToBlame) {
  Options spoofing = options();
  spoofing.mapping.login = "somebody";
  Driver sender(spoofing);
  ASSERT_TRUE(sender.connect());
  message::Message bad = message_to(to_queue());
  bad.header["user-id"] = "somebody";
  sender->publish(1, bad);
  ASSERT_TRUE(sender.decided(1));
  ASSERT_THAT(sender.refused, ElementsAre(Key(1)));
  EXPECT_THAT(sender.refused[1], HasSubstr("user_id"));
  sender->publish(2, message_to(to_queue()));
  ASSERT_TRUE(sender.decided(2));
  EXPECT_THAT(sender.confirmed, ElementsAre(2));
}

TEST_F(Publishing, IsNotConfirmedByAFullQueueThatRejects) {
  const std::string destination =
      "queue=name%3D" + queue() +
      "%2Cdurable%3Dtrue%2Carguments%3Dx-max-length%253D1%252Cx-overflow%253Dreject-publish";
  Driver sender(options());
  ASSERT_TRUE(sender.connect());
  sender->publish(1, message_to(destination));
  ASSERT_TRUE(sender.decided(1));
  sender->publish(2, message_to(destination));
  ASSERT_TRUE(sender.decided(2));
  EXPECT_THAT(sender.confirmed, ElementsAre(1));
  EXPECT_THAT(sender.not_confirmed, ElementsAre(Key(2)));
}

TEST_F(Publishing, RefusesWhatAmqpCannotCarry) {
  Options small = options();
  small.message_bytes_max = 1000;
  Driver sender(small);
  ASSERT_TRUE(sender.connect());
  message::Message long_name = message_to(to_queue());
  long_name.header[std::string(256, 'n')] = "v";
  message::Message large_header = message_to(to_queue());
  large_header.header["large"] = std::string(140'000, 'v');
  sender->publish(1, long_name);
  sender->publish(2, large_header);
  sender->publish(3, message_to(to_queue(), std::string(1001, 'x')));
  sender->publish(4, message_to("/nowhere/x"));
  sender->publish(5, message::Message{});
  sender->publish(6, message_to(to_queue()));
  ASSERT_TRUE(sender.decided(6));
  EXPECT_THAT(sender.confirmed, ElementsAre(6));
  EXPECT_THAT(sender.refused, SizeIs(5));
}

TEST_F(Publishing, PublishesToAQueueThatItMayNotDeclare) {
  rabbit().ctl({"add_user", "limited", "secret"});
  rabbit().ctl({"set_permissions", "-p", "/", "limited", "^$", "^amq\\.default$", "^$"});
  Driver owner(options());
  ASSERT_TRUE(owner.connect());
  owner->publish(1, message_to(to_queue()));
  ASSERT_TRUE(owner.decided(1));

  Options limited = options();
  limited.login = broker::Plain{"limited", broker::Secret("secret")};
  Driver sender(limited);
  ASSERT_TRUE(sender.connect()) << sender.failure();
  sender->publish(1, message_to(to_queue()));
  sender->publish(2, message_to("/exchange/amq.fanout/x"));
  sender->publish(3, message_to(to_queue()));
  ASSERT_TRUE(sender.decided(3));
  EXPECT_FALSE(sender.closed) << sender.failure();
  EXPECT_TRUE(sender.confirmed.contains(1) || sender.not_confirmed.contains(1));
  ASSERT_THAT(sender.refused, ElementsAre(Key(2)));
  EXPECT_THAT(sender.refused[2], HasSubstr("refused"));
}

TEST_F(Publishing, WaitsWhileTheBrokerBlocksAndLosesNothing) {
  Driver sender(options());
  ASSERT_TRUE(sender.connect());
  sender->publish(1, message_to(to_queue()));
  ASSERT_TRUE(sender.decided(1));
  auto alarm = rabbit().block();
  // The broker blocks a connection once it publishes.
  sender->publish(2, message_to(to_queue()));
  ASSERT_TRUE(sender.run_until([&] { return sender.blocked > 0 || sender.closed; })) << "never blocked";
  sender->publish(3, message_to(to_queue()));
  // To another queue too, whose declaration the broker will not answer now.
  sender->publish(4, message_to(to_queue() + ".other"));
  EXPECT_FALSE(
      sender.run_until([&] { return sender.confirmed.contains(3); }, std::chrono::milliseconds(300)));
  alarm.clear();
  ASSERT_TRUE(sender.decided(4));
  EXPECT_THAT(sender.confirmed, UnorderedElementsAre(1, 2, 3, 4));
  EXPECT_EQ(sender.unblocked, 1U);
}

TEST_F(Publishing, LeavesABrokerThatBlocks) {
  Driver sender(options());
  ASSERT_TRUE(sender.connect());
  sender->publish(1, message_to(to_queue()));
  ASSERT_TRUE(sender.decided(1));
  auto alarm = rabbit().block();
  sender->publish(2, message_to(to_queue()));
  ASSERT_TRUE(sender.run_until([&] { return sender.blocked > 0; }));
  EXPECT_TRUE(sender.disconnect());
  alarm.clear();
}

}  // namespace
}  // namespace simplevisor::amqp
