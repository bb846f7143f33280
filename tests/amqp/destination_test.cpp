// Where messages come from and go to, as users write it.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include "workers/amqp/destination.hpp"

namespace simplevisor::amqp {
namespace {

using testing::HasSubstr;

Queue durable(std::string name) {
  Queue queue;
  queue.name = std::move(name);
  queue.durable = true;
  return queue;
}

TEST(ParseDestination, ReadsThePathForms) {
  const auto queue = parse_destination("/queue/a%2Fb");
  ASSERT_TRUE(queue);
  EXPECT_EQ(queue->queue, durable("a/b"));
  EXPECT_EQ(queue->routing_key, "a/b");
  EXPECT_EQ(queue->exchange, Exchange{});

  const auto topic = parse_destination("/topic/a.b.#");
  ASSERT_TRUE(topic);
  EXPECT_EQ(topic->exchange.name, "amq.topic");
  EXPECT_FALSE(topic->exchange.declare);
  EXPECT_FALSE(topic->queue);
  EXPECT_EQ(topic->routing_key, "a.b.#");

  const auto exchange = parse_destination("/exchange/e/k/l");
  ASSERT_TRUE(exchange);
  EXPECT_EQ(exchange->exchange.name, "e");
  EXPECT_FALSE(exchange->exchange.declare);
  EXPECT_EQ(exchange->routing_key, "k/l");
  EXPECT_EQ(parse_destination("/exchange/e")->routing_key, "");

  const auto existing = parse_destination("/amq/queue/q");
  ASSERT_TRUE(existing);
  EXPECT_FALSE(existing->queue->declare);
  EXPECT_EQ(existing->routing_key, "q");
}

TEST(ParseDestination, ReadsLists) {
  const auto both = parse_destination(
      "exchange=name%3Dx%2Ctype%3Dtopic%2Cdurable%3Dtrue, "
      "queue=name%3Dq%20auto_delete%3Dtrue%20exclusive%3Dtrue%20"
      "arguments%3Dx-message-ttl%253D60000%252Cx-single-active-consumer%253Dtrue%252Cx-queue-type%"
      "253Dclassic "
      "routing_key=a.%2A");
  ASSERT_TRUE(both) << both.error();
  Exchange exchange;
  exchange.name = "x";
  exchange.type = "topic";
  exchange.durable = true;
  exchange.declare = true;
  EXPECT_EQ(both->exchange, exchange);
  Queue queue;
  queue.name = "q";
  queue.exclusive = true;
  queue.auto_delete = true;
  queue.arguments = {{"x-message-ttl", std::int64_t{60000}},
                     {"x-single-active-consumer", true},
                     {"x-queue-type", std::string("classic")}};
  EXPECT_EQ(both->queue, queue);
  EXPECT_EQ(both->routing_key, "a.*");
}

TEST(ParseDestination, RoutesToAQueueByItsNameWithoutAnExchange) {
  EXPECT_EQ(parse_destination("queue=name%3Dq")->routing_key, "q");
  EXPECT_EQ(parse_destination("queue=name%3Dq,exchange=name%3Dx")->routing_key, "");
}

TEST(ParseDestination, NeverDeclaresWhatIsTheBrokersOwn) {
  EXPECT_FALSE(parse_destination("exchange=name%3Damq.fanout")->exchange.declare);
  EXPECT_FALSE(parse_destination("exchange=type%3Dfanout,routing_key=k")->exchange.declare);
}

TEST(ParseDestination, DeclaresWhatIsSaidToExistNoMore) {
  EXPECT_FALSE(parse_destination("exchange=name%3Dx%2Cdeclare%3Dfalse")->exchange.declare);
  EXPECT_TRUE(parse_destination("exchange=name%3Dx%2Cdeclare%3Dtrue")->exchange.declare);
  EXPECT_FALSE(parse_destination("queue=name%3Dq%2Cdeclare%3Dfalse")->queue->declare);
}

TEST(ParseDestination, BindsByAsManyKeysAsItIsTold) {
  const auto several =
      parse_destination("queue=name%3Dq,exchange=name%3Dx,routing_keys=a.%2523%2Cb%252Cc%20d");
  ASSERT_TRUE(several) << several.error();
  EXPECT_EQ(several->routing_key, "a.#");
  EXPECT_THAT(several->further_keys, testing::ElementsAre("b,c", "d"));
  EXPECT_FALSE(parse_destination("routing_keys=%2C"));
  EXPECT_FALSE(parse_destination("routing_keys=" + std::string(256, 'k')));
}

TEST(ParseDestination, BindsToAsManyExchangesAsItIsTold) {
  const auto encoded = [](std::string_view text) {
    std::string out;
    for (const char c : text) out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    return out;
  };
  const std::string one =
      "exchange=" + encoded("name=y,declare=false") + ",routing_keys=" + encoded("a.%23,b");
  const std::string other = "exchange=" + encoded("name=z") + ",routing_keys=c";
  const auto parsed = parse_destination("queue=name%3Dq,exchange=name%3Dx,routing_key=k,bindings=" +
                                        encoded(encoded(one) + "," + encoded(other)));
  ASSERT_TRUE(parsed) << parsed.error();
  EXPECT_EQ(parsed->exchange.name, "x");
  ASSERT_EQ(parsed->further_bindings.size(), 2U);
  EXPECT_EQ(parsed->further_bindings[0].exchange.name, "y");
  EXPECT_FALSE(parsed->further_bindings[0].exchange.declare);
  EXPECT_THAT(parsed->further_bindings[0].routing_keys, testing::ElementsAre("a.#", "b"));
  EXPECT_TRUE(parsed->further_bindings[1].exchange.declare);
  EXPECT_THAT(parsed->further_bindings[1].routing_keys, testing::ElementsAre("c"));
}

struct Bad {
  const char* text;
  const char* reason;
};
class Refused : public testing::TestWithParam<Bad> {};

TEST_P(Refused, SaysWhatIsWrong) {
  const auto parsed = parse_destination(GetParam().text);
  ASSERT_FALSE(parsed);
  EXPECT_THAT(parsed.error(), HasSubstr(GetParam().reason));
}

INSTANTIATE_TEST_SUITE_P(
    ParseDestination, Refused,
    testing::Values(Bad{"", "empty"}, Bad{"/queue/", "no name"}, Bad{"/topic/", "no name"},
                    Bad{"/exchange//k", "no name"}, Bad{"/amq/queue/", "no name"}, Bad{"/other/x", "none of"},
                    Bad{"word", "KEY=VALUE"}, Bad{"/queue/a%2", "%"}, Bad{"/queue/%zz", "%"},
                    Bad{"=x", "KEY=VALUE"}, Bad{"colour=red", "no key colour"},
                    Bad{"queue=name%3Dq,queue=name%3Dr", "twice"}, Bad{"queue=colour%3Dred", "no key colour"},
                    Bad{"queue=durable%3Dyes", "neither true nor false"}, Bad{"queue=name", "KEY=VALUE"},
                    Bad{"queue=arguments%3Dx", "arguments"},
                    Bad{"bindings=routing_keys%253Dk", "bindings: without an exchange"},
                    Bad{"bindings=exchange%253Dname%25253Dx", "bindings: without routing_keys"},
                    Bad{"bindings=queue%253Dname%25253Dx", "bindings: there is no key queue"},
                    Bad{"queue=name%3Dq%2Cname%3Dr", "twice"}));

TEST(ParseDestination, BoundsNames) {
  EXPECT_TRUE(parse_destination("/queue/" + std::string(255, 'q')));
  EXPECT_FALSE(parse_destination("/queue/" + std::string(256, 'q')));
  EXPECT_FALSE(parse_destination("/topic/" + std::string(256, 'q')));
  EXPECT_FALSE(parse_destination("routing_key=" + std::string(256, 'q')));
  EXPECT_FALSE(parse_destination("queue=name%3D" + std::string(256, 'q')));
  EXPECT_FALSE(parse_destination("/queue/" + std::string(100'000, 'q')));
}

}  // namespace
}  // namespace simplevisor::amqp
