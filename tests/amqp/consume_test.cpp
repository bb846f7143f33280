// Consuming from a real RabbitMQ: nothing is acknowledged that was not, and what comes is what was sent.
#include <fstream>

#include "tests/amqp/driver.hpp"

namespace simplevisor::amqp {
namespace {

using broker::Failure;
using std::chrono::milliseconds;
using testing::AllOf;
using testing::Contains;
using testing::HasSubstr;
using testing::Pair;

class Consuming : public WithRabbitMq {
 protected:
  static Options from(const std::string& destination) {
    Options result = options();
    result.subscriptions = {destination};
    return result;
  }
  static void fill(const std::vector<message::Message>& messages) {
    Driver sender(options());
    ASSERT_TRUE(sender.connect()) << sender.failure();
    broker::Ticket ticket = 0;
    for (const message::Message& message : messages) sender->publish(++ticket, message);
    ASSERT_TRUE(sender.decided(messages.size()));
    ASSERT_EQ(sender.confirmed.size(), messages.size());
    ASSERT_TRUE(sender.disconnect());
  }
  static void fill(std::size_t count) {
    std::vector<message::Message> messages;
    for (std::size_t i = 0; i < count; ++i) messages.push_back(message_to(to_queue(), std::to_string(i)));
    fill(messages);
  }
};

TEST_F(Consuming, AcknowledgesInAnyOrderAndOnlyWhatItWasTold) {
  fill(10);
  {
    Driver receiver(from(to_queue()));
    ASSERT_TRUE(receiver.connect()) << receiver.failure();
    ASSERT_TRUE(receiver.received(10));
    for (const std::size_t i : {9U, 0U, 1U, 4U, 2U}) receiver->acknowledge(receiver.deliveries[i].tag);
    ASSERT_TRUE(receiver.disconnect()) << receiver.failure();
  }
  Driver again(from(to_queue()));
  ASSERT_TRUE(again.connect());
  ASSERT_TRUE(again.received(5));
  std::vector<std::string> left;
  for (const auto& delivery : again.deliveries) {
    left.push_back(delivery.message->body);
    EXPECT_THAT(delivery.message->header, Contains(Pair("redelivered", "true")));
  }
  EXPECT_THAT(left, testing::ElementsAre("3", "5", "6", "7", "8"));
}

TEST_F(Consuming, GivesBackForAnybody) {
  fill(2);
  Driver receiver(from(to_queue()));
  ASSERT_TRUE(receiver.connect());
  ASSERT_TRUE(receiver.received(2));
  receiver->give_back(receiver.deliveries[0].tag);
  ASSERT_TRUE(receiver.received(3));
  EXPECT_EQ(receiver.deliveries[2].message->body, "0");
  receiver->acknowledge(receiver.deliveries[1].tag);
  receiver->acknowledge(receiver.deliveries[2].tag);
  ASSERT_TRUE(receiver.disconnect()) << receiver.failure();
  EXPECT_EQ(depth(queue()), 0U);
}

TEST_F(Consuming, HoldsNoMoreThanThePrefetch) {
  fill(20);
  Options few = from(to_queue());
  few.prefetch = 3;
  Driver receiver(few);
  ASSERT_TRUE(receiver.connect());
  ASSERT_TRUE(receiver.received(3));
  EXPECT_FALSE(receiver.run_until([&] { return receiver.deliveries.size() > 3; }, milliseconds(200)));
  receiver.on_delivery = [&](const broker::Delivered& delivery) { receiver->acknowledge(delivery.tag); };
  for (std::size_t i = 0; i < 3; ++i) receiver->acknowledge(receiver.deliveries[i].tag);
  EXPECT_TRUE(receiver.received(20));
}

TEST_F(Consuming, TellsNoDeliveryWhilePaused) {
  fill(5);
  Driver receiver(from(to_queue()));
  receiver->pause();
  ASSERT_TRUE(receiver.connect());
  EXPECT_FALSE(receiver.run_until([&] { return !receiver.deliveries.empty(); }, milliseconds(200)));
  receiver.on_delivery = [&](const broker::Delivered&) { receiver->pause(); };
  for (std::size_t count = 1; count <= 5; ++count) {
    receiver->resume();
    ASSERT_TRUE(receiver.received(count));
    receiver.run_posted();
    EXPECT_EQ(receiver.deliveries.size(), count);
  }
}

TEST_F(Consuming, StopsReadingWhenNobodyTakesWhatCameAndLosesNothing) {
  std::vector<message::Message> messages;
  for (int i = 0; i < 40; ++i) messages.push_back(message_to(to_queue(), std::string(1 << 20, 'x')));
  fill(messages);
  Driver receiver(from(to_queue()));
  receiver->pause();
  ASSERT_TRUE(receiver.connect());
  EXPECT_FALSE(receiver.run_until([&] { return !receiver.deliveries.empty(); }, milliseconds(500)));
  receiver->resume();
  EXPECT_TRUE(receiver.received(40));
}

TEST_F(Consuming, TakesEveryBodySizeAroundAFrame) {
  std::vector<message::Message> messages;
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{1}, std::size_t{4096}, std::size_t{4097}, std::size_t{131'063},
        std::size_t{131'064}, std::size_t{131'065}, std::size_t{131'072}, std::size_t{262'128},
        std::size_t{262'129}, std::size_t{10} << 20}) {
    std::string body(size, '\0');
    for (std::size_t i = 0; i < size; ++i) body[i] = static_cast<char>(i * 31 + size);
    messages.push_back(message_to(to_queue(), body));
  }
  fill(messages);
  Driver receiver(from(to_queue()));
  ASSERT_TRUE(receiver.connect());
  ASSERT_TRUE(receiver.received(messages.size()));
  for (std::size_t i = 0; i < messages.size(); ++i) {
    EXPECT_TRUE(receiver.deliveries[i].message->body == messages[i].body) << messages[i].body.size();
  }
}

TEST_F(Consuming, GivesTheBeginningOfWhatIsTooLarge) {
  fill({message_to(to_queue(), std::string(200'000, 'x')), message_to(to_queue(), "next")});
  Options small = from(to_queue());
  small.message_bytes_max = 100'000;
  Driver receiver(small);
  ASSERT_TRUE(receiver.connect());
  ASSERT_TRUE(receiver.received(2));
  EXPECT_FALSE(receiver.deliveries[0].message);
  EXPECT_THAT(receiver.deliveries[0].trouble, HasSubstr("200000 bytes"));
  EXPECT_EQ(receiver.deliveries[0].raw.size(), std::size_t{64} << 10);
  EXPECT_EQ(receiver.deliveries[1].message->body, "next");
}

TEST_F(Consuming, CarriesHeadersPropertiesAndTextThereAndBack) {
  message::Message sent = message_to(to_queue(), "gr\xc3\xbc\xc3\x9f dich");
  sent.text = true;
  for (const auto& [name, value] : message::Header{{"content-type", "text/plain"},
                                                   {"content-encoding", "none"},
                                                   {"persistent", "true"},
                                                   {"priority", "4"},
                                                   {"correlation-id", "c"},
                                                   {"reply-to", "r"},
                                                   {"amqp-message-id", "m"},
                                                   {"timestamp", "1700000000"},
                                                   {"type", "t"},
                                                   {"user-id", "guest"},
                                                   {"app-id", "a"},
                                                   {"expiration", "600000"},
                                                   {"own", "w\xc3\xa4rme"}}) {
    sent.header[name] = value;
  }
  fill({sent});
  Driver receiver(from(to_queue()));
  ASSERT_TRUE(receiver.connect());
  ASSERT_TRUE(receiver.received(1));
  message::Message expected = sent;
  expected.header.erase("destination");
  expected.header["amqp-exchange"] = "";
  expected.header["amqp-routing-key"] = queue();
  expected.header["redelivered"] = "false";
  EXPECT_EQ(*receiver.deliveries[0].message, expected);
}

// What the sender's library makes of Python's types is the broker's business no more: it passes tables on as they are.
TEST_F(Consuming, ReadsTypedHeadersFromPika) {
  Driver receiver(from(to_queue()));
  ASSERT_TRUE(receiver.connect());
  const auto script = rabbit().directory() / "publish.py";
  std::ofstream(script) << R"(
import datetime, decimal, sys, pika
connection = pika.BlockingConnection(pika.URLParameters(sys.argv[1]))
headers = {'text': 'w\u00e4rme', 'int': 7, 'negative': -7, 'long': 2**40, 'yes': True, 'no': False, 'none': None,
           'list': [1, 'two', [True, None]], 'table': {'a': 1, 'b': {'c': 'd"'}}, 'bytes': b'\xff\x00',
           'time': datetime.datetime(2023, 11, 14, 22, 13, 20), 'decimal': decimal.Decimal('3.14')}
connection.channel().basic_publish('', sys.argv[2], b'\xff', pika.BasicProperties(
    headers=headers, content_type='text/plain', delivery_mode=2, priority=0))
connection.close()
)";
  const auto finished = test::run({"/usr/bin/python3", script, rabbit().amqp_uri() + "/%2F", queue()}, {},
                                  rabbit().directory() / "pika.out", std::chrono::seconds(60));
  ASSERT_EQ(finished.status, 0) << finished.output;
  ASSERT_TRUE(receiver.received(1));
  const message::Message& message = *receiver.deliveries[0].message;
  const message::Header expected = {{"text", "w\xc3\xa4rme"},
                                    {"int", "7"},
                                    {"negative", "-7"},
                                    {"long", "1099511627776"},
                                    {"yes", "true"},
                                    {"no", "false"},
                                    {"list", R"([1,"two",[true,null]])"},
                                    {"table", R"({"a":1,"b":{"c":"d\""}})"},
                                    {"bytes", "/wA="},
                                    {"time", "1700000000"},
                                    {"decimal", "3.14"},
                                    {"content-type", "text/plain"},
                                    {"persistent", "true"},
                                    {"priority", "0"},
                                    {"amqp-exchange", ""},
                                    {"amqp-routing-key", queue()},
                                    {"redelivered", "false"}};
  EXPECT_EQ(message.header, expected);
  EXPECT_FALSE(message.text) << "its bytes are no UTF-8";
}

TEST_F(Consuming, TellsBySubscriptionWhatCame) {
  Options both = from("/topic/weather.*");
  both.subscriptions.emplace_back(to_queue());
  Driver receiver(both);
  ASSERT_TRUE(receiver.connect()) << receiver.failure();
  fill({message_to("/topic/weather.geneva"), message_to(to_queue())});
  ASSERT_TRUE(receiver.received(2));
  for (const auto& delivery : receiver.deliveries) {
    EXPECT_EQ(delivery.subscription, delivery.message->header.at("amqp-exchange") == "amq.topic" ? 0U : 1U);
  }
}

TEST_F(Consuming, DeclaresAndBindsWhatTheDestinationSays) {
  const std::string name = queue();
  Driver receiver(from("exchange=name%3Dx." + name + "%2Ctype%3Dfanout,queue=name%3D" + name +
                       "%2Cauto_delete%3Dtrue%2Carguments%3Dx-max-length%253D5"));
  ASSERT_TRUE(receiver.connect()) << receiver.failure();
  EXPECT_THAT(rabbit().ctl({"list_queues", "name", "arguments"}),
              AllOf(HasSubstr(name), HasSubstr("max-length")));
  fill({message_to("/exchange/x." + name)});
  EXPECT_TRUE(receiver.received(1));
}

TEST_F(Consuming, TakesFromAQueueOfOtherPropertiesOnlyPassively) {
  const std::string other = "queue=name%3D" + queue();
  {
    Driver owner(from(other));
    ASSERT_TRUE(owner.connect()) << owner.failure();
  }
  Driver active(from(to_queue()));
  EXPECT_FALSE(active.connect());
  EXPECT_EQ(active.failure_kind(), Failure::Kind::configuration) << active.failure();
  EXPECT_THAT(active.failure(), HasSubstr("406"));
  Options passive = from(to_queue());
  passive.passive = true;
  Driver careful(passive);
  EXPECT_TRUE(careful.connect()) << careful.failure();
}

TEST_F(Consuming, EndsForAQueueThatIsNotThere) {
  Options passive = from(to_queue());
  passive.passive = true;
  Driver receiver(passive);
  EXPECT_FALSE(receiver.connect());
  EXPECT_EQ(receiver.failure_kind(), Failure::Kind::configuration);
  EXPECT_THAT(receiver.failure(), HasSubstr("404"));
}

TEST_F(Consuming, EndsWhenItsQueueIsDeleted) {
  Driver receiver(from(to_queue()));
  ASSERT_TRUE(receiver.connect());
  rabbit().ctl({"delete_queue", queue()});
  ASSERT_TRUE(receiver.ended());
  EXPECT_EQ(receiver.failure_kind(), Failure::Kind::temporary);
  EXPECT_THAT(receiver.failure(), HasSubstr(to_queue()));
}

TEST_F(Consuming, NeedsNoAcknowledgementWithoutReliability) {
  fill(300);
  Options loose = from(to_queue());
  loose.reliable = false;
  Driver receiver(loose);
  ASSERT_TRUE(receiver.connect());
  ASSERT_TRUE(receiver.received(300));
  receiver->acknowledge(receiver.deliveries[0].tag);
  EXPECT_TRUE(receiver.disconnect()) << receiver.failure();
  EXPECT_EQ(depth(queue()), 0U);
}

}  // namespace
}  // namespace simplevisor::amqp
