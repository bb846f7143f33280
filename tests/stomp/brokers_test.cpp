// The client against real brokers: every version, acknowledgements, odd bodies and headers, crashes, silence, TLS.
#include <gmock/gmock.h>

#include <set>

#include "tests/brokers/activemq.hpp"
#include "tests/brokers/rabbitmq.hpp"
#include "tests/stomp/driver.hpp"

namespace simplevisor::stomp {
namespace {

using namespace std::chrono_literals;
using namespace std::string_literals;
using broker::Closed;
using broker::Confirmed;
using broker::Connected;
using broker::Refused;
using message::Header;
using message::Message;
using ::testing::HasSubstr;
using Kind = broker::Failure::Kind;

test::RabbitMq& rabbit() {
  static test::RabbitMq broker{test::RabbitMqOptions{.tls = true, .configuration = {}}};
  return broker;
}
test::ActiveMq& active() {
  static test::ActiveMq broker;
  return broker;
}

Options options_for(std::uint16_t port, bool is_rabbit) {
  Options options;
  options.endpoint.host = "127.0.0.1";
  options.endpoint.port = port;
  options.login = broker::Plain{"guest", broker::Secret{"guest"}};
  if (is_rabbit) options.connect = Header{{"host", "/"}};
  options.reliable = true;
  options.timeout_connect = 30s;
  return options;
}
Options of_rabbit() {
  return options_for(rabbit().stomp_port(), true);
}
Options of_active() {
  return options_for(active().stomp_port(), false);
}

Options reading(Options options, const std::string& destination, std::uint32_t prefetch = 100) {
  options.subscribe = {Header{{"destination", destination}}};
  options.prefetch = prefetch;
  return options;
}

Message numbered(const std::string& destination, int number, std::string body = "x") {
  return {{{"destination", destination}, {"persistent", "true"}, {"number", std::to_string(number)}},
          std::move(body),
          false};
}

// What of a received message was the sender's.
Message sent_part(Message message) {
  std::erase_if(message.header, [](const auto& field) {
    static const std::set<std::string> added{"ack",       "content-length", "expires",     "message-id",
                                             "priority",  "receipt",        "redelivered", "subscription",
                                             "timestamp", "destination"};
    return added.contains(field.first);
  });
  return message;
}

struct Peer {
  std::string name;
  Options (*options)();
  std::string version;
};
class EveryVersion : public ::testing::TestWithParam<Peer> {
 protected:
  Options options() const {
    Options options = GetParam().options();
    options.connect["accept-version"] = GetParam().version;
    return options;
  }
  std::string queue(const std::string& name) const {
    return "/queue/" + name + "." + GetParam().name + GetParam().version;
  }
  boost::asio::io_context loop;
};

TEST_P(EveryVersion, BringsBackWhatWasSent) {
  const bool escapes = GetParam().version != "1.0" || GetParam().name == "rabbit";
  std::vector<Message> messages{
      {{{"content-type", "text/plain"}, {"x", "\u00e9 \u263a"}}, "h\u00e9llo \u263a", true},
      {{}, "", false},
      {{}, "\0\xFF\n\0"s, false},
      {{{"empty", ""}}, std::string(10 << 20, 'y'), false},
  };
  if (escapes) messages.push_back({{{"k:e\\y", "a:b\nc\\d"}}, "z", false});
  Driver client{loop, reading(options(), queue("back"))};
  ASSERT_EQ(client.connect(), "");
  EXPECT_THAT(client.first<Connected>()->description, HasSubstr("STOMP " + GetParam().version));
  for (std::size_t i = 0; i < messages.size(); ++i) {
    Message message = messages[i];
    message.header["destination"] = queue("back");
    client.publish(i + 1, message);
  }
  ASSERT_TRUE(client.until([&] {
    return client.count<Confirmed>() == messages.size() && client.deliveries.size() == messages.size();
  })) << client.failure().message;
  for (std::size_t i = 0; i < messages.size(); ++i) {
    ASSERT_TRUE(client.deliveries[i].message) << client.deliveries[i].trouble;
    EXPECT_TRUE(sent_part(*client.deliveries[i].message) == messages[i]) << "message " << i;
    client->acknowledge(client.deliveries[i].tag);
  }
  EXPECT_TRUE(client.disconnect()) << client.failure().message;

  // All were acknowledged: there is nothing left, so that what is sent now is what comes next.
  Driver again{loop, reading(options(), queue("back"))};
  ASSERT_EQ(again.connect(), "");
  again.publish(1, numbered(queue("back"), 77));
  ASSERT_TRUE(again.until([&] { return !again.deliveries.empty(); }));
  EXPECT_EQ(again.deliveries[0].message->header.at("number"), "77");
  again->acknowledge(again.deliveries[0].tag);
  EXPECT_TRUE(again.disconnect()) << again.failure().message;
}

TEST_P(EveryVersion, AcknowledgesNoMoreThanItWasTold) {
  {
    Driver client{loop, options()};
    ASSERT_EQ(client.connect(), "");
    for (int i = 1; i <= 10; ++i) client.publish(static_cast<broker::Ticket>(i), numbered(queue("ack"), i));
    ASSERT_TRUE(client.until([&] { return client.count<Confirmed>() == 10; }));
    EXPECT_TRUE(client.disconnect());
  }
  const bool cumulative = GetParam().version == "1.0";
  std::set<std::string> acknowledged;
  {
    Driver client{loop, reading(options(), queue("ack"))};
    ASSERT_EQ(client.connect(), "");
    ASSERT_TRUE(client.until([&] { return client.deliveries.size() == 10; }));
    // 1, 2 and 5: in 1.0 the last has to wait for 3 and 4, which never come.
    for (const std::size_t i : {4U, 0U, 1U}) client->acknowledge(client.deliveries[i].tag);
    EXPECT_TRUE(client.disconnect()) << client.failure().message;
  }
  Driver client{loop, reading(options(), queue("ack"))};
  ASSERT_EQ(client.connect(), "");
  const std::size_t left = cumulative ? 8 : 7;
  ASSERT_TRUE(client.until([&] { return client.deliveries.size() == left; })) << client.deliveries.size();
  std::multiset<int> numbers;
  for (const auto& delivery : client.deliveries)
    numbers.insert(std::stoi(delivery.message->header.at("number")));
  EXPECT_EQ(numbers,
            (cumulative ? std::multiset{3, 4, 5, 6, 7, 8, 9, 10} : std::multiset{3, 4, 6, 7, 8, 9, 10}));
  for (const auto& delivery : client.deliveries) client->acknowledge(delivery.tag);
  EXPECT_TRUE(client.disconnect());
}

TEST_P(EveryVersion, ReplaysAReceivedMessage) {
  Driver client{loop, reading(options(), queue("replay"))};
  ASSERT_EQ(client.connect(), "");
  client.publish(1, numbered(queue("replay"), 5, "body"));
  for (broker::Ticket ticket = 2; ticket <= 4; ++ticket) {
    ASSERT_TRUE(client.until([&] { return client.deliveries.size() == ticket - 1; }))
        << client.failure().message;
    client->acknowledge(client.deliveries.back().tag);
    client.publish(ticket, *client.deliveries.back().message);
  }
  ASSERT_TRUE(client.until([&] { return client.deliveries.size() == 4; }));
  EXPECT_EQ(sent_part(*client.deliveries[3].message), sent_part(*client.deliveries[0].message));
  client->acknowledge(client.deliveries.back().tag);
  EXPECT_TRUE(client.disconnect());
}

INSTANTIATE_TEST_SUITE_P(Stomp, EveryVersion,
                         ::testing::Values(Peer{"rabbit", of_rabbit, "1.0"}, Peer{"rabbit", of_rabbit, "1.1"},
                                           Peer{"rabbit", of_rabbit, "1.2"}, Peer{"active", of_active, "1.0"},
                                           Peer{"active", of_active, "1.1"},
                                           Peer{"active", of_active, "1.2"}),
                         [](const auto& peer) {
                           std::string name = peer.param.name + peer.param.version;
                           std::erase(name, '.');
                           return name;
                         });

class StompBrokers : public ::testing::Test {
 protected:
  boost::asio::io_context loop;
};

TEST_F(StompBrokers, RabbitMqIsSparedTheHeadersItChokesOn) {
  Driver client{loop, reading(of_rabbit(), "/queue/quirks")};
  ASSERT_EQ(client.connect(), "");
  const std::vector<Header> odd{
      {{"persistent", "yes"}},   {{"priority", "high"}},  {{"timestamp", "now"}},
      {{"expiration", "soon"}},  {{"user-id", "other"}},  {{"durable", "false"}},
      {{"auto-delete", "true"}}, {{"exclusive", "true"}}, {{"receipt", "twice"}},
      {{"message-id", "mine"}},  {{"transaction", "t"}},  {{"content-length", "999"}},
  };
  for (std::size_t i = 0; i < odd.size(); ++i) {
    Message message{odd[i], "x", false};
    message.header["destination"] = "/queue/quirks";
    client.publish(i + 1, message);
  }
  ASSERT_TRUE(client.until([&] { return client.count<Confirmed>() == odd.size() || client.closed(); }));
  EXPECT_EQ(client.count<Confirmed>(), odd.size()) << client.failure().message;
  ASSERT_TRUE(client.until([&] { return client.deliveries.size() == odd.size(); }));
  for (const auto& delivery : client.deliveries) client->acknowledge(delivery.tag);
  EXPECT_TRUE(client.disconnect());
}

TEST_F(StompBrokers, RabbitMqGetsBackWhatIsGivenBack) {
  Driver client{loop, reading(of_rabbit(), "/queue/given", 1)};
  ASSERT_EQ(client.connect(), "");
  client.publish(1, numbered("/queue/given", 1));
  ASSERT_TRUE(client.until([&] { return client.deliveries.size() == 1; }));
  client->give_back(client.deliveries[0].tag);
  ASSERT_TRUE(client.until([&] { return client.deliveries.size() == 2; }));
  EXPECT_EQ(client.deliveries[1].message->header.at("redelivered"), "true");
  client->acknowledge(client.deliveries[1].tag);
  EXPECT_TRUE(client.disconnect());
}

TEST_F(StompBrokers, AWrongPasswordIsAFailureOfAuthentication) {
  Options options = of_rabbit();
  options.login = broker::Plain{"guest", broker::Secret{"s3cret"}};
  Driver client{loop, options};
  EXPECT_THAT(client.connect(), HasSubstr("Access refused"));
  EXPECT_EQ(client.failure().kind, Kind::authentication);
  options = of_rabbit();
  options.connect["host"] = "nowhere";
  Driver elsewhere{loop, options};
  EXPECT_NE(elsewhere.connect(), "");
  EXPECT_EQ(elsewhere.failure().kind, Kind::authentication) << elsewhere.failure().message;
}

TEST_F(StompBrokers, ABadDestinationIsBlamedOnTheMessage) {
  Driver rabbits{loop, of_rabbit()};
  ASSERT_EQ(rabbits.connect(), "");
  rabbits.publish(1, numbered("/exchange/absent/key", 1));
  ASSERT_TRUE(rabbits.until([&] { return rabbits.closed(); }));
  EXPECT_TRUE(rabbits.first<Closed>()->message_to_blame || rabbits.count<Refused>() == 1)
      << rabbits.failure().message;
}

// Without this it hangs up on each of them, and nobody knows on which.
TEST_F(StompBrokers, ActiveMqIsSparedTheHeadersItHangsUpOn) {
  Driver client{loop, reading(of_active(), "/queue/quirks")};
  ASSERT_EQ(client.connect(), "");
  const std::vector<Header> odd{
      {{"priority", "high"}},           {{"expires", ""}},
      {{"timestamp", "now"}},           {{"reply-to", "/queue/"}},
      {{"transformation", "jms-xml"}},  {{"JMSXGroupSeq", "x"}},
      {{"AMQ_SCHEDULED_DELAY", "x"}},   {{"message-id", "mine"}},
      {{"h", std::string(9'990, 'x')}}, {{"transaction", "t"}},
      {{"content-length", "999"}},
  };
  for (std::size_t i = 0; i < odd.size(); ++i) {
    Message message{odd[i], "x", false};
    message.header["destination"] = "/queue/quirks";
    client.publish(i + 1, message);
  }
  Message many = numbered("/queue/quirks", 1);
  for (int i = 0; i < 890; ++i) many.header.emplace("h" + std::to_string(i), "v");
  client.publish(odd.size() + 1, many);
  ASSERT_TRUE(client.until([&] { return client.count<Confirmed>() == odd.size() + 1 || client.closed(); }));
  EXPECT_EQ(client.count<Confirmed>(), odd.size() + 1) << client.failure().message;
  ASSERT_TRUE(client.until([&] { return client.deliveries.size() == odd.size() + 1; }));
  for (const auto& delivery : client.deliveries) client->acknowledge(delivery.tag);
  EXPECT_TRUE(client.disconnect());
}

TEST_F(StompBrokers, ADeletedQueueIsReported) {
  Driver client{loop, reading(of_rabbit(), "/queue/deleted")};
  ASSERT_EQ(client.connect(), "");
  rabbit().ctl({"delete_queue", "deleted"});
  ASSERT_TRUE(client.until([&] { return client.closed(); }));
  EXPECT_EQ(client.failure().kind, Kind::temporary) << client.failure().message;
}

TEST_F(StompBrokers, ABlockedBrokerIsWaitedFor) {
  Options options = of_rabbit();
  options.heart_beat = HeartBeat{3s, 3s, 3s};
  Driver client{loop, options};
  ASSERT_EQ(client.connect(), "");
  auto alarm = rabbit().block();
  // RabbitMQ blocks a connection only after it has published under the alarm.
  client.publish(1, numbered("/queue/blocked", 1));
  ASSERT_TRUE(client.until([&] { return client.count<Confirmed>() == 1; })) << client.failure().message;
  for (int i = 2; i <= 100; ++i)
    client.publish(static_cast<broker::Ticket>(i), numbered("/queue/blocked", i));
  EXPECT_FALSE(client.until([&] { return client.closed() || client.count<Confirmed>() > 1; }, 10s))
      << client.failure().message;
  alarm.clear();
  ASSERT_TRUE(client.until([&] { return client.count<Confirmed>() == 100; })) << client.failure().message;
  EXPECT_TRUE(client.disconnect());
}

TEST_F(StompBrokers, AFrozenBrokerIsNoticedByItsHeartBeats) {
  Options options = reading(of_rabbit(), "/queue/frozen");
  options.heart_beat = HeartBeat{2s, 2s, 2s};
  Driver client{loop, options};
  ASSERT_EQ(client.connect(), "");
  EXPECT_FALSE(client.until([&] { return client.closed(); }, 6s)) << client.failure().message;
  rabbit().freeze();
  const bool noticed = client.until([&] { return client.closed(); });
  rabbit().thaw();
  EXPECT_TRUE(noticed);
  EXPECT_THAT(client.failure().message, HasSubstr("no heart-beat"));
}

TEST_F(StompBrokers, NothingConfirmedIsLostInACrashOfTheBroker) {
  test::RabbitMq own;
  const auto connect_to = [&](Options options) {
    options.endpoint.port = own.stomp_port();
    return options;
  };
  std::set<broker::Ticket> confirmed;
  {
    Driver client{loop, connect_to(of_rabbit())};
    ASSERT_EQ(client.connect(), "");
    client.publish(1, numbered("/queue/crash", 1));
    ASSERT_TRUE(client.until([&] { return client.count<Confirmed>() == 1; }));
    own.sync_definitions();  // or the broker may come back without the queue
    for (int i = 2; i <= 2000; ++i)
      client.publish(static_cast<broker::Ticket>(i), numbered("/queue/crash", i));
    ASSERT_TRUE(client.until([&] { return client.count<Confirmed>() >= 500; }));
    own.kill();
    ASSERT_TRUE(client.until([&] { return client.closed(); }));
    EXPECT_EQ(client.failure().kind, Kind::unavailable) << client.failure().message;
    EXPECT_FALSE(client.first<Closed>()->message_to_blame);
    for (const auto& event : client.events) {
      if (const auto* const one = std::get_if<Confirmed>(&event)) confirmed.insert(one->ticket);
    }
  }
  own.start();
  Driver client{loop, connect_to(reading(of_rabbit(), "/queue/crash", 5000))};
  client.on_delivery = [&](const broker::Delivered& delivered) {
    confirmed.erase(std::stoul(delivered.message->header.at("number")));
    client->acknowledge(delivered.tag);
  };
  ASSERT_EQ(client.connect(), "");
  EXPECT_TRUE(client.until([&] { return confirmed.empty(); })) << confirmed.size() << " are missing";
  EXPECT_TRUE(client.disconnect());

  // And one that is told to stop blames nobody's message.
  Driver last{loop, connect_to(of_rabbit())};
  ASSERT_EQ(last.connect(), "");
  own.stop();
  ASSERT_TRUE(last.until([&] { return last.closed(); }));
  EXPECT_EQ(last.failure().kind, Kind::unavailable) << last.failure().message;
  EXPECT_FALSE(last.first<Closed>()->message_to_blame);
}

TEST_F(StompBrokers, RabbitMqKnowsUsByOurCertificate) {
  const test::Certificates& files = rabbit().certificates();
  Options options = of_rabbit();
  options.endpoint.port = rabbit().stomps_port();
  options.endpoint.tls = true;
  options.tls.ca_file = files.authority;
  options.tls.certificate_file = files.client;
  options.tls.key_file = files.client_key;
  options.login.reset();
  Driver client{loop, options};
  ASSERT_EQ(client.connect(), "");
  client.publish(1, numbered("/queue/tls", 1, std::string(1 << 20, 'x')));
  ASSERT_TRUE(client.until([&] { return client.count<Confirmed>() == 1; }));
  EXPECT_TRUE(client.disconnect());
}

}  // namespace
}  // namespace simplevisor::stomp
