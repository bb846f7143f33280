// The client with a broker that behaves: what it sends, in which words, and when.
#include <gmock/gmock.h>

#include "tests/stomp/client_with_fake_server.hpp"

namespace simplevisor::stomp {
namespace {

using broker::Confirmed;
using broker::Connected;
using broker::Refused;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Kind = broker::Failure::Kind;

TEST_F(StompClient, ConnectsPublishesAndLeaves) {
  Options options = reliable();
  options.login = broker::Plain{"guest", broker::Secret{"pa:ss"}};
  options.connect = message::Header{{"host", "%2F"}};
  Driver client{loop, options};
  ASSERT_EQ(client.connect(), "");
  EXPECT_THAT(client.first<Connected>()->description, HasSubstr("STOMP 1.2"));
  client.publish(7, to("/queue/a"));
  client.publish(8, to("/queue/b"));
  ASSERT_TRUE(client.until([&] { return client.count<Confirmed>() == 2; }));
  EXPECT_TRUE(client.disconnect());
  EXPECT_THAT(server.headers_of("CONNECT", "accept-version"), ElementsAre("1.0,1.1,1.2"));
  EXPECT_THAT(server.headers_of("CONNECT", "host"), ElementsAre("%2F"));
  EXPECT_THAT(server.headers_of("CONNECT", "passcode"), ElementsAre("pa:ss"));
  EXPECT_THAT(server.headers_of("SEND", "receipt"), ElementsAre("m7", "m8"));
  EXPECT_THAT(server.headers_of("DISCONNECT", "receipt"), ElementsAre("bye"));
}

TEST_F(StompClient, ConfirmsWhatIsWrittenWhenNotReliable) {
  Driver client{loop, server.options()};
  ASSERT_EQ(client.connect(), "");
  client.publish(1, to("/queue/a"));
  ASSERT_TRUE(client.until([&] { return client.count<Confirmed>() == 1; }));
  EXPECT_TRUE(client.disconnect());
  EXPECT_THAT(server.headers_of("SEND", "receipt"), ElementsAre("-"));
}

TEST_F(StompClient, RefusesAMessageThatCannotBeSentAndGoesOn) {
  Driver client{loop, reliable()};
  ASSERT_EQ(client.connect(), "");
  client.publish(1, {});
  client.publish(2, to("/queue/a"));
  ASSERT_TRUE(client.until([&] { return client.count<Confirmed>() + client.count<Refused>() == 2; }));
  EXPECT_EQ(client.first<Refused>()->ticket, 1U);
  EXPECT_EQ(client.first<Confirmed>()->ticket, 2U);
  EXPECT_EQ(server.count("SEND"), 1U);
}

TEST_F(StompClient, HoldsDeliveriesThatComeBeforeTheReceiptOfTheirSubscription) {
  std::string late;
  server.on("SUBSCRIBE", [&](const Frame& frame) {
    if (frame.header_or("id", "") == "s0") {
      late = frame.header_or("receipt", "");
      return FakeServer::message(1);
    }
    return FakeServer::message(2, "b", "s1") + FakeServer::frame("RECEIPT", {{"receipt-id", "s1"}}) +
           FakeServer::frame("RECEIPT", {{"receipt-id", late}});
  });
  Driver client{loop, subscribed(2)};
  client.on_delivery = [&](const broker::Delivered&) { EXPECT_EQ(client.count<Connected>(), 1U); };
  ASSERT_EQ(client.connect(), "");
  ASSERT_TRUE(client.until([&] { return client.deliveries.size() == 2; }));
  EXPECT_EQ(client.deliveries[0].subscription, 0U);
  EXPECT_EQ(client.deliveries[1].subscription, 1U);
  EXPECT_EQ(client.deliveries[0].message->header.at("message-id"), "m1");
  EXPECT_THAT(server.headers_of("SUBSCRIBE", "ack"), ElementsAre("client-individual", "client-individual"));
}

TEST_F(StompClient, TakesADeliveryBeforeTheReceiptOfASend) {
  Options options = subscribed();
  Driver client{loop, options};
  server.on("SEND", [](const Frame& frame) {
    return FakeServer::message(1) +
           FakeServer::frame("RECEIPT", {{"receipt-id", std::string{frame.header_or("receipt", "")}}});
  });
  ASSERT_EQ(client.connect(), "");
  client.publish(1, to("/queue/0"));
  ASSERT_TRUE(client.until([&] { return client.count<Confirmed>() == 1; }));
  EXPECT_EQ(client.deliveries.size(), 1U);
}

TEST_F(StompClient, AcknowledgesByWhatEachVersionAsksFor) {
  struct Expected {
    std::string version, mode, id, message_id, subscription;
  };
  for (const Expected& expected :
       {Expected{"1.0", "client", "-", "m1", "-"}, Expected{"1.1", "client-individual", "-", "m1", "s0"},
        Expected{"1.2", "client-individual", "a1", "-", "-"}}) {
    FakeServer other{loop};
    other.on("CONNECT",
             [&](const Frame&) { return FakeServer::frame("CONNECTED", {{"version", expected.version}}); });
    Options options = other.options();
    options.reliable = true;
    options.subscribe = {message::Header{{"destination", "/queue/a"}}};
    Driver client{loop, options};
    ASSERT_EQ(client.connect(), "");
    other.say(FakeServer::message(1));
    ASSERT_TRUE(client.until([&] { return client.deliveries.size() == 1; }));
    client.call([](Client& c) { c.acknowledge(1); });
    ASSERT_TRUE(client.until([&] { return other.count("ACK") == 1; }));
    EXPECT_THAT(other.headers_of("SUBSCRIBE", "ack"), ElementsAre(expected.mode));
    EXPECT_THAT(other.headers_of("ACK", "id"), ElementsAre(expected.id));
    EXPECT_THAT(other.headers_of("ACK", "message-id"), ElementsAre(expected.message_id));
    EXPECT_THAT(other.headers_of("ACK", "subscription"), ElementsAre(expected.subscription));
    EXPECT_TRUE(client.disconnect());
  }
}

TEST_F(StompClient, AcknowledgesCumulativelyWithoutAGapOnly) {
  Options options = subscribed();
  options.subscribe[0]["ack"] = "client";
  Driver client{loop, options};
  ASSERT_EQ(client.connect(), "");
  for (int i = 1; i <= 4; ++i) server.say(FakeServer::message(i));
  ASSERT_TRUE(client.until([&] { return client.deliveries.size() == 4; }));
  client.call([](Client& c) {
    c.acknowledge(2);
    c.acknowledge(4);
    c.acknowledge(1);
  });
  EXPECT_TRUE(client.disconnect());
  EXPECT_THAT(server.headers_of("ACK", "id"), ElementsAre("a2"));
}

TEST_F(StompClient, GivesBackOnlyWhereTheBrokerRequeues) {
  for (const auto& [name, nacks] : {std::pair{"RabbitMQ/3.10.8", 1U}, std::pair{"ActiveMQ/5.17.2", 0U}}) {
    FakeServer other{loop};
    other.on("CONNECT", [&](const Frame&) {
      return FakeServer::frame("CONNECTED", {{"version", "1.2"}, {"server", name}});
    });
    Options options = other.options();
    options.reliable = true;
    options.subscribe = {message::Header{{"destination", "/queue/a"}}};
    Driver client{loop, options};
    ASSERT_EQ(client.connect(), "");
    other.say(FakeServer::message(1));
    ASSERT_TRUE(client.until([&] { return client.deliveries.size() == 1; }));
    client.call([](Client& c) { c.give_back(1); });
    EXPECT_TRUE(client.disconnect());
    EXPECT_EQ(other.count("NACK"), nacks) << name;
    EXPECT_EQ(other.count("ACK"), 0U) << name;
  }
}

TEST_F(StompClient, AsksForAPrefetchInTheWordsOfEachBroker) {
  const std::vector<std::array<std::string, 3>> cases{
      {"RabbitMQ/3", "prefetch-count", "9"},
      {"ActiveMQ/5", "activemq.prefetchSize", "9"},
      {"apache-apollo/1", "credit", "9"},
      {"ActiveMQ-Artemis/2", "consumer-window-size", "92160"},
  };
  for (const auto& [name, header, value] : cases) {
    FakeServer other{loop};
    other.on("CONNECT", [&](const Frame&) {
      return FakeServer::frame("CONNECTED", {{"version", "1.2"}, {"server", name}});
    });
    Options options = other.options();
    options.prefetch = 9;
    options.subscribe = {message::Header{{"destination", "/queue/a"}}};
    Driver client{loop, options};
    ASSERT_EQ(client.connect(), "");
    EXPECT_THAT(other.headers_of("SUBSCRIBE", header), ElementsAre(value));
    EXPECT_THAT(other.headers_of("SUBSCRIBE", "ack"), ElementsAre("auto"));
  }
  Options options = subscribed();
  options.prefetch = 9;
  Driver client{loop, options};
  EXPECT_THAT(client.connect(), HasSubstr("broker-type"));
  EXPECT_EQ(client.failure().kind, Kind::configuration);
}

TEST_F(StompClient, UnsubscribesBeforeLeavingIfAsked) {
  Options options = subscribed(2);
  options.unsubscribe = {message::Header{{"x-more", "yes"}}};
  Driver client{loop, options};
  ASSERT_EQ(client.connect(), "");
  EXPECT_TRUE(client.disconnect());
  EXPECT_THAT(server.headers_of("UNSUBSCRIBE", "id"), ElementsAre("s0", "s1"));
  EXPECT_THAT(server.headers_of("UNSUBSCRIBE", "x-more"), ElementsAre("yes", "-"));
  EXPECT_EQ(server.frames.back().command, "DISCONNECT");
}

TEST_F(StompClient, LeavesDeliveriesWithTheBrokerWhilePaused) {
  Driver client{loop, subscribed()};
  ASSERT_EQ(client.connect(), "");
  client.on_delivery = [&](const broker::Delivered& delivered) {
    if (delivered.tag == 3) client->pause();
  };
  std::string many;
  for (int i = 1; i <= 10; ++i) many += FakeServer::message(i);
  server.say(many);
  ASSERT_TRUE(client.until([&] { return client.deliveries.size() == 3; }));
  client.call([](Client& c) { c.acknowledge(1); });
  ASSERT_TRUE(client.until([&] { return server.count("ACK") == 1; }));
  EXPECT_EQ(client.deliveries.size(), 3U);
  client.call([](Client& c) { c.resume(); });
  ASSERT_TRUE(client.until([&] { return client.deliveries.size() == 10; }));
}

TEST_F(StompClient, LeavesEvenWhilePaused) {
  Driver client{loop, subscribed()};
  ASSERT_EQ(client.connect(), "");
  client.call([](Client& c) { c.pause(); });
  server.say(FakeServer::message(1));
  EXPECT_TRUE(client.disconnect());
  EXPECT_THAT(client.deliveries, IsEmpty()) << "it is the broker's again";
}

TEST_F(StompClient, TellsOfAMessageThatIsTooLarge) {
  Options options = subscribed();
  options.message_bytes_max = 1000;
  Driver client{loop, options};
  ASSERT_EQ(client.connect(), "");
  server.say(FakeServer::message(1, std::string(5000, 'x')) + FakeServer::message(2));
  ASSERT_TRUE(client.until([&] { return client.deliveries.size() == 2; }));
  EXPECT_FALSE(client.deliveries[0].message);
  EXPECT_THAT(client.deliveries[0].trouble, HasSubstr("5000 bytes exceeds the limit of 1000"));
  EXPECT_THAT(client.deliveries[0].raw, HasSubstr("message-id:m1"));
  EXPECT_TRUE(client.deliveries[1].message);
  client.call([](Client& c) { c.acknowledge(1); });
  ASSERT_TRUE(client.until([&] { return server.count("ACK") == 1; }));
}

// What both brokers really sent, against a client that only ever asks what it asks.
TEST_F(StompClient, TakesTheRecordedGreetings) {
  const auto recorded = vectors("stomp-wire.json");
  int greeted = 0;
  for (const auto& session : recorded.at("sessions").as_array()) {
    const auto& step = session.at("steps").as_array().front();
    const std::string bytes = bytes_of(step.at("received_base64"));
    if (bytes.find("CONNECTED") != 0 || session.at("steps").as_array().size() < 2) continue;
    FakeServer other{loop};
    other.on("CONNECT", [&](const Frame&) { return bytes; });
    Driver client{loop, other.options()};
    ASSERT_EQ(client.connect(), "");
    const std::string expected = std::string{session.at("broker").as_string()} + ", STOMP " +
                                 std::string{session.at("version").as_string()};
    EXPECT_EQ(client.first<Connected>()->description, expected);
    EXPECT_TRUE(client.disconnect());
    ++greeted;
  }
  EXPECT_EQ(greeted, 6);
}

}  // namespace
}  // namespace simplevisor::stomp
