// The client against a broker that refuses, lies, stalls, hangs up and answers out of order.
#include <gmock/gmock.h>

#include "tests/patience.hpp"
#include "tests/stomp/client_with_fake_server.hpp"

namespace simplevisor::stomp {
namespace {

using namespace std::chrono_literals;
using namespace std::string_literals;
using broker::Closed;
using broker::Confirmed;
using broker::NotConfirmed;
using broker::Refused;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Kind = broker::Failure::Kind;
using Milliseconds = std::chrono::milliseconds;
using simplevisor::testing::patiently;

TEST_F(StompClient, RefusesTheMessageWhoseReceiptAnErrorNames) {
  Driver client{loop, reliable()};
  server.on("SEND", [](const Frame& frame) {
    if (frame.header_or("receipt", "") != "m2") return ""s;
    return FakeServer::frame("ERROR", {{"receipt-id", "m2"}, {"message", "Invalid\\cheader"}},
                             "you: did\n\tat java");
  });
  ASSERT_EQ(client.connect(), "");
  client.publish(1, to("a"));
  client.publish(2, to("b"));
  ASSERT_TRUE(client.until([&] { return client.closed(); }));
  ASSERT_EQ(client.count<Refused>(), 1U);
  EXPECT_EQ(client.first<Refused>()->ticket, 2U);
  EXPECT_THAT(client.first<Refused>()->reason, HasSubstr("Invalid:header: you: did"));
  EXPECT_FALSE(client.first<Closed>()->message_to_blame);
  EXPECT_EQ(client.failure().kind, Kind::temporary);
  EXPECT_TRUE(client.until([&] { return server.client_gone; })) << "an ERROR is the end for us";
}

TEST_F(StompClient, BlamesTheMessagesOnTheirWayForAnErrorWithoutReceipt) {
  Driver client{loop, reliable()};
  server.on("SEND",
            [](const Frame&) { return FakeServer::frame("ERROR", {{"message", "Processing error"}}); });
  ASSERT_EQ(client.connect(), "");
  client.publish(1, to("a"));
  ASSERT_TRUE(client.until([&] { return client.closed(); }));
  EXPECT_TRUE(client.first<Closed>()->message_to_blame);
  EXPECT_EQ(client.count<Refused>(), 0U);
}

TEST_F(StompClient, BlamesNoMessageWhenTheBrokerGoesAway) {
  Driver client{loop, reliable()};
  server.on("SEND", [](const Frame&) {
    return FakeServer::frame("ERROR", {{"message", "Connection closed"}},
                             "CONNECTION_FORCED - broker forced it");
  });
  ASSERT_EQ(client.connect(), "");
  client.publish(1, to("a"));
  ASSERT_TRUE(client.until([&] { return client.closed(); }));
  EXPECT_FALSE(client.first<Closed>()->message_to_blame);
  EXPECT_EQ(client.failure().kind, Kind::unavailable);
}

TEST_F(StompClient, KnowsWhyItWasNotLetIn) {
  const std::vector<std::tuple<std::string, std::string, Kind>> cases{
      {"Bad CONNECT", "Access refused for user 'guest'\n", Kind::authentication},
      {"User name [a] or password is invalid.", "java.lang.SecurityException: ...", Kind::authentication},
      {"Version mismatch", "Supported versions are 1.0,1.1,1.2\n", Kind::configuration},
      {"Not ready", "", Kind::temporary},
  };
  for (const auto& [text, body, kind] : cases) {
    FakeServer other{loop};
    other.on("CONNECT", [&](const Frame&) { return FakeServer::frame("ERROR", {{"message", text}}, body); });
    Driver client{loop, other.options()};
    EXPECT_THAT(client.connect(), HasSubstr("broker says: "));
    EXPECT_EQ(client.failure().kind, kind) << text << ": " << client.failure().message;
  }
}

TEST_F(StompClient, SaysHowAnotherVirtualHostIsNamed) {
  server.on("CONNECT", [](const Frame&) {
    return FakeServer::frame("ERROR", {{"message", "Bad CONNECT"}}, "Virtual host '127.0.0.1' access denied");
  });
  Driver client{loop, server.options()};
  EXPECT_THAT(client.connect(), HasSubstr("access denied (broker-connect host=/ names another)"));
  EXPECT_EQ(client.failure().kind, Kind::authentication);
}

TEST_F(StompClient, RepeatsNoPasswordThatTheBrokerRepeats) {
  Options options = server.options();
  options.login = broker::Plain{"me", broker::Secret{"S3cret"}};
  server.on("CONNECT", [](const Frame&) {
    return FakeServer::frame("ERROR", {{"message", "access refused for me with S3cret and S3cret"}});
  });
  Driver client{loop, options};
  EXPECT_THAT(client.connect(),
              AllOf(HasSubstr("access refused for me with *** and ***"), Not(HasSubstr("S3cret"))));
}

TEST_F(StompClient, EndsOnWhatIsNoStomp) {
  const std::vector<std::pair<std::string, std::string>> cases{
      {"HTTP/1.1 400 Bad Request\r\n\r\n", "is no command"},
      {FakeServer::frame("RECEIPT", {{"receipt-id", "1"}}), "before CONNECTED"},
      {FakeServer::frame("CONNECTED", {{"version", "2.0"}}), "did not offer"},
      {FakeServer::frame("CONNECTED", {{"version", "1.2"}}) + FakeServer::frame("CONNECTED", {}), "or twice"},
      {FakeServer::frame("CONNECTED", {{"version", "1.2"}}) + FakeServer::message(1, "", "s9"),
       "do not have"},
      {FakeServer::frame("CONNECTED", {{"version", "1.2"}}) +
           FakeServer::frame("MESSAGE", {{"subscription", "s0"}, {"content-length", "2"}}, "abc"),
       "goes on after its content-length"},
      {FakeServer::frame("CONNECTED", {{"version", "1.2"}}) +
           FakeServer::frame("MESSAGE", {{"subscription", "s0"}}),
       "by which it is acknowledged"},
      {FakeServer::frame("CONNECTED", {{"version", "1.2"}}) + "RECEIPT\nbad\\escape:1\n\n\0"s, "escape"},
  };
  for (const auto& [bytes, expected] : cases) {
    FakeServer other{loop};
    other.on("CONNECT", [&](const Frame&) { return bytes; });
    other.on("SUBSCRIBE", [&](const Frame&) { return ""s; });
    Options options = other.options();
    options.reliable = true;
    options.subscribe = {message::Header{{"destination", "a"}}};
    Driver client{loop, options};
    EXPECT_THAT(client.connect(), HasSubstr(expected));
    EXPECT_EQ(client.failure().kind, Kind::protocol) << expected;
  }
}

TEST_F(StompClient, OffersOnlyTheVersionsItIsTold) {
  Options options = server.options();
  options.connect = message::Header{{"accept-version", "1.1"}};
  Driver client{loop, options};
  EXPECT_THAT(client.connect(), HasSubstr("did not offer (1.2)"));
}

TEST_F(StompClient, NoticesThatTheBrokerHangsUp) {
  Driver client{loop, reliable()};
  ASSERT_EQ(client.connect(), "");
  client.publish(1, to("a"));
  server.on("SEND", [&](const Frame&) {
    server.hang_up();
    return ""s;
  });
  ASSERT_TRUE(client.until([&] { return client.closed(); }));
  EXPECT_EQ(client.failure().kind, Kind::unavailable);
  EXPECT_EQ(client.count<Confirmed>(), 0U) << "it is undecided";
}

TEST_F(StompClient, GivesUpOnABrokerThatNeverSaysConnected) {
  server.on("CONNECT", [](const Frame&) { return ""s; });
  patiently(50ms, [&](Milliseconds limit) {
    Options options = server.options();
    options.timeout_connect = limit;
    Driver client{loop, options};
    const std::string outcome = client.connect();
    if (outcome.contains("no connection in time")) return false;
    EXPECT_THAT(outcome, HasSubstr("no CONNECTED in time"));
    EXPECT_EQ(client.failure().kind, Kind::unavailable);
    return true;
  });
}

TEST_F(StompClient, GivesUpOnABrokerThatOwesReceiptsAndIsSilent) {
  server.on("SEND", [](const Frame&) { return ""s; });
  Options options = reliable();
  options.timeout_broker = 50ms;
  Driver client{loop, options};
  ASSERT_EQ(client.connect(), "");
  client.publish(1, to("a"));
  ASSERT_TRUE(client.until([&] { return client.closed(); }));
  EXPECT_THAT(client.failure().message, HasSubstr("owes 1 receipts"));
}

TEST_F(StompClient, GivesUpOnAFrameThatStalls) {
  patiently(50ms, [&](Milliseconds limit) {
    FakeServer other{loop};
    Options options = subscribed();
    options.endpoint = other.options().endpoint;
    options.timeout_broker = limit;
    Driver client{loop, options};
    if (client.connect().contains("in time")) return false;
    other.say("MESSAGE\nsubscription:s0\ncontent-length:1000000\n\nfew");
    EXPECT_TRUE(client.until([&] { return client.closed(); }));
    EXPECT_THAT(client.failure().message, HasSubstr("the rest of a frame"));
    return true;
  });
}

TEST_F(StompClient, GivesUpOnASubscriptionThatIsNotAnswered) {
  server.on("SUBSCRIBE", [](const Frame&) { return ""s; });
  Options options = subscribed();
  options.timeout_broker = 50ms;
  Driver client{loop, options};
  EXPECT_THAT(client.connect(), HasSubstr("no receipt of a SUBSCRIBE"));
}

TEST_F(StompClient, GivesUpOnAFarewellThatIsNotAnswered) {
  server.on("DISCONNECT", [](const Frame&) { return ""s; });
  Options options = server.options();
  options.timeout_disconnect = 50ms;
  Driver client{loop, options};
  ASSERT_EQ(client.connect(), "");
  EXPECT_FALSE(client.disconnect());
  EXPECT_THAT(client.failure().message, HasSubstr("DISCONNECT"));
}

TEST_F(StompClient, TakesABrokerThatHangsUpForAFarewell) {
  server.on("DISCONNECT", [&](const Frame&) {
    server.hang_up();
    return ""s;
  });
  Driver client{loop, reliable()};
  ASSERT_EQ(client.connect(), "");
  EXPECT_TRUE(client.disconnect());
}

TEST_F(StompClient, SendsHeartBeatsAndMissesThoseOfTheBroker) {
  patiently(100ms, [&](Milliseconds grace) {
    FakeServer other{loop};
    other.on("CONNECT", [](const Frame&) {
      return FakeServer::frame("CONNECTED", {{"version", "1.2"}, {"heart-beat", "40,20"}});
    });
    Options options = other.options();
    options.heart_beat = HeartBeat{20ms, 40ms, grace};
    Driver client{loop, options};
    EXPECT_EQ(client.connect(), "");
    EXPECT_THAT(other.headers_of("CONNECT", "heart-beat"), ElementsAre("20,40"));
    const std::size_t before = other.bytes;
    // Each of these is heard although no frame comes.
    for (int beats = 1; beats <= 10; ++beats) {
      const std::size_t had = other.bytes;
      EXPECT_TRUE(client.until([&] { return other.bytes > had || client.closed(); }));
      if (client.closed()) return false;
      other.say("\n");
    }
    EXPECT_GE(other.bytes, before + 10);
    EXPECT_TRUE(client.until([&] { return client.closed(); }));  // and now the broker is silent
    EXPECT_THAT(client.failure().message,
                HasSubstr("no heart-beat for " + std::to_string((80ms + grace).count()) + " ms"));
    EXPECT_EQ(client.failure().kind, Kind::unavailable);
    return true;
  });
}

TEST_F(StompClient, PromisesNoHeartBeatsThatTheBrokerDoesNotWant) {
  server.on("CONNECT", [](const Frame&) {
    return FakeServer::frame("CONNECTED", {{"version", "1.2"}, {"heart-beat", "0,0"}});
  });
  Options options = reliable();
  options.heart_beat = HeartBeat{1ms, 1ms, 0ms};
  Driver client{loop, options};
  ASSERT_EQ(client.connect(), "");
  const std::size_t before = server.bytes;
  EXPECT_FALSE(client.until([&] { return client.closed() || server.bytes > before; }, 50ms));
}

TEST_F(StompClient, DoesNotCallTheBrokerDeadWhileItDoesNotListen) {
  patiently(10ms, [&](Milliseconds grace) {
    FakeServer other{loop};
    other.on("CONNECT", [](const Frame&) {
      return FakeServer::frame("CONNECTED", {{"version", "1.2"}, {"heart-beat", "10,0"}});
    });
    Options options = subscribed();
    options.endpoint = other.options().endpoint;
    options.heart_beat = HeartBeat{0ms, 10ms, grace};
    Driver client{loop, options};
    if (client.connect().contains("no heart-beat")) return false;
    client.call([](Client& c) { c.pause(); });
    EXPECT_FALSE(client.until([&] { return client.closed(); }, 5 * (10ms + grace)));
    client.call([](Client& c) { c.resume(); });
    EXPECT_TRUE(client.until([&] { return client.closed(); }));
    EXPECT_THAT(client.failure().message, HasSubstr("no heart-beat"));
    return true;
  });
}

TEST_F(StompClient, TakesNoMoreThanItsWriteBufferMayHold) {
  Options options = reliable();
  options.write_bytes_max = 10'000;
  options.sockopts.send_buffer_bytes = 4096;
  Driver client{loop, options};
  ASSERT_EQ(client.connect(), "");
  server.stop_reading();
  for (broker::Ticket ticket = 1; ticket <= 5; ++ticket)
    client.publish(ticket, to("a", std::string(6000, 'x')));
  ASSERT_TRUE(client.until([&] { return client.count<NotConfirmed>() == 3; }));
  EXPECT_THAT(client.first<NotConfirmed>()->reason, HasSubstr("has not taken"));
}

TEST_F(StompClient, SaysWhyThereIsNoConnection) {
  Options options = server.options();
  options.endpoint.port = 1;
  Driver nobody{loop, options};
  EXPECT_THAT(nobody.connect(), HasSubstr("tcp://127.0.0.1:1: connect: Connection refused"));
  EXPECT_EQ(nobody.failure().kind, Kind::unavailable);
  options.endpoint.host = "name.invalid";
  Driver nowhere{loop, options};
  EXPECT_THAT(nowhere.connect(), HasSubstr("name lookup"));
  EXPECT_EQ(nowhere.failure().kind, Kind::unavailable);
}

TEST_F(StompClient, MayBeLetGoAtAnyMoment) {
  {
    Driver client{loop, subscribed()};
    client.call([](Client& c) { c.connect(); });
  }
  Driver client{loop, subscribed()};
  ASSERT_EQ(client.connect(), "");
  client.on_delivery = [&](const broker::Delivered&) { client.let_go(); };
  server.say(FakeServer::message(1) + FakeServer::message(2));
  ASSERT_TRUE(client.until([&] { return server.client_gone; }));
  EXPECT_EQ(client.deliveries.size(), 1U);
}

TEST_F(StompClient, PublishesNothingBeforeItIsConnected) {
  Driver client{loop, reliable()};
  client.publish(1, to("a"));
  ASSERT_TRUE(client.until([&] { return client.count<NotConfirmed>() == 1; }));
  ASSERT_EQ(client.connect(), "");
  EXPECT_TRUE(client.disconnect());
  client.publish(2, to("a"));  // after Closed nothing is told
  EXPECT_FALSE(client.until([&] { return client.count<NotConfirmed>() == 2; }, 20ms));
}

}  // namespace
}  // namespace simplevisor::stomp
