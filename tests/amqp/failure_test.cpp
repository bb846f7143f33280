// What goes wrong with a connection, each with a broker to which it really happens.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/amqp/driver.hpp"
#include "tests/brokers/port.hpp"

namespace simplevisor::amqp {
namespace {

using broker::Failure;
using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;
using testing::HasSubstr;

class Failing : public WithRabbitMq {};

TEST_F(Failing, SaysSoWhenNobodyListens) {
  const test::Port port;
  Driver client(options_for(port.number()));
  EXPECT_FALSE(client.connect());
  EXPECT_EQ(client.failure_kind(), Failure::Kind::unavailable);
  EXPECT_THAT(client.failure(), HasSubstr("refused"));
}

TEST_F(Failing, SaysSoWhenNobodyListensOverTls) {
  const test::Port port;
  Options nobody = options_for(port.number());
  nobody.endpoint.tls = true;
  Driver client(nobody);
  EXPECT_FALSE(client.connect());
  EXPECT_EQ(client.failure_kind(), Failure::Kind::unavailable);
  EXPECT_THAT(client.failure(), HasSubstr("refused"));
}

TEST_F(Failing, SaysSoForANameThatIsNone) {
  Options nowhere = options();
  nowhere.endpoint.host = "nowhere.invalid";
  Driver client(nowhere);
  EXPECT_FALSE(client.connect());
  EXPECT_EQ(client.failure_kind(), Failure::Kind::unavailable);
}

TEST_F(Failing, IsAuthenticationWithAWrongPassword) {
  Options wrong = options();
  wrong.login = broker::Plain{"guest", broker::Secret("not-it")};
  Driver client(wrong);
  EXPECT_FALSE(client.connect());
  EXPECT_EQ(client.failure_kind(), Failure::Kind::authentication) << client.failure();
  EXPECT_THAT(client.failure(), Not(HasSubstr("not-it")));
}

TEST_F(Failing, IsConfigurationWithAVirtualHostThatIsNotThere) {
  Options wrong = options();
  wrong.endpoint.virtual_host = "elsewhere";
  Driver client(wrong);
  EXPECT_FALSE(client.connect());
  EXPECT_EQ(client.failure_kind(), Failure::Kind::configuration) << client.failure();
}

TEST_F(Failing, IsConfigurationWithADestinationThatIsNone) {
  Options wrong = options();
  wrong.subscriptions = {"/nowhere/x"};
  Driver client(wrong);
  EXPECT_FALSE(client.connect());
  EXPECT_EQ(client.failure_kind(), Failure::Kind::configuration);
}

TEST_F(Failing, IsToldThatTheBrokerEndsTheConnection) {
  Driver client(options());
  ASSERT_TRUE(client.connect());
  rabbit().ctl({"close_all_connections", "because of a test"});
  ASSERT_TRUE(client.ended());
  EXPECT_EQ(client.failure_kind(), Failure::Kind::unavailable);
  EXPECT_THAT(client.failure(), HasSubstr("because of a test"));
}

TEST_F(Failing, GoesOverTlsAndKnowsItsBroker) {
  Options secure = options();
  secure.endpoint.port = rabbit().amqps_port();
  secure.endpoint.tls = true;
  {
    Driver stranger(secure);
    EXPECT_FALSE(stranger.connect());
    EXPECT_EQ(stranger.failure_kind(), Failure::Kind::authentication) << stranger.failure();
  }
  secure.tls.ca_file = rabbit().certificates().authority;
  {
    Driver client(secure);  // by address
    ASSERT_TRUE(client.connect()) << client.failure();
    client->publish(1, message_to(to_queue(), std::string(3'000'000, 'x')));
    ASSERT_TRUE(client.decided(1));
    EXPECT_TRUE(client.confirmed.contains(1));
    EXPECT_TRUE(client.disconnect());
  }
  secure.tls.server_name = "somebody.else";
  Driver client(secure);
  EXPECT_FALSE(client.connect());
  EXPECT_EQ(client.failure_kind(), Failure::Kind::authentication) << client.failure();
}

TEST_F(Failing, IsKnownByItsCertificate) {
  Options secure = options();
  secure.endpoint.port = rabbit().amqps_port();
  secure.endpoint.host = "localhost";
  secure.endpoint.tls = true;
  secure.external = true;
  secure.tls.ca_file = rabbit().certificates().authority;
  secure.tls.certificate_file = rabbit().certificates().client;
  secure.tls.key_file = rabbit().certificates().client_key;
  secure.subscriptions = {to_queue()};
  Driver client(secure);
  ASSERT_TRUE(client.connect()) << client.failure();
  client->publish(1, message_to(to_queue(), std::string(1'000'000, 'y')));
  ASSERT_TRUE(client.received(1));
  EXPECT_EQ(client.deliveries[0].message->body.size(), 1'000'000U);
}

TEST_F(Failing, LeavesWhatIsUndecidedToTheCallerWhenTheBrokerIsKilled) {
  test::RabbitMq broker;
  Options fast = options_for(broker.amqp_port());
  Driver sender(fast);
  ASSERT_TRUE(sender.connect()) << sender.failure();
  message::Message persistent = message_to(to_queue());
  persistent.header["persistent"] = "true";
  broker::Ticket ticket = 1;
  sender->publish(ticket, persistent);
  ASSERT_TRUE(sender.decided(1));
  broker.sync_definitions();
  while (sender.confirmed.size() < 1000) {
    while (ticket < sender.confirmed.size() + 100) sender->publish(++ticket, persistent);
    ASSERT_TRUE(sender.decided(sender.confirmed.size() + 1));
  }
  broker.kill();
  ASSERT_TRUE(sender.ended());
  EXPECT_EQ(sender.failure_kind(), Failure::Kind::unavailable);
  EXPECT_TRUE(sender.not_confirmed.empty());
  EXPECT_TRUE(sender.refused.empty());
  const std::size_t confirmed = sender.confirmed.size();

  broker.start();
  Options receiving = options_for(broker.amqp_port());
  receiving.subscriptions = {to_queue()};
  receiving.prefetch = 0;
  Driver receiver(receiving);
  ASSERT_TRUE(receiver.connect()) << receiver.failure();
  EXPECT_TRUE(receiver.received(confirmed))
      << "of " << confirmed << " that were confirmed only " << receiver.deliveries.size() << " are there";
}

TEST_F(Failing, NoticesASilentBrokerByItsHeartbeats) {
  test::RabbitMq broker;
  Options impatient = options_for(broker.amqp_port());
  impatient.heartbeat = seconds(2);
  Driver client(impatient);
  ASSERT_TRUE(client.connect());
  // Idle for several periods, the connection lives: both sides beat.
  EXPECT_FALSE(client.run_until([&] { return client.closed.has_value(); }, milliseconds(7000)))
      << client.failure();
  broker.freeze();
  const auto start = steady_clock::now();
  ASSERT_TRUE(client.ended());
  EXPECT_LT(steady_clock::now() - start, seconds(40));  // not for ever
  EXPECT_EQ(client.failure_kind(), Failure::Kind::unavailable);
  EXPECT_THAT(client.failure(), HasSubstr("silent"));
  broker.thaw();
}

TEST_F(Failing, NoticesWithoutHeartbeatsThatNoAnswerComes) {
  test::RabbitMq broker;
  Options impatient = options_for(broker.amqp_port());
  impatient.heartbeat = seconds(0);
  impatient.timeout_broker = milliseconds(1500);
  Driver client(impatient);
  ASSERT_TRUE(client.connect());
  broker.freeze();
  client->publish(1, message_to("/exchange/amq.fanout/x"));
  ASSERT_TRUE(client.ended()) << "confirmed: " << client.confirmed.size();
  EXPECT_THAT(client.failure(), HasSubstr("did not answer"));
  broker.thaw();
}

TEST_F(Failing, IsDestroyedAtOnceWhileASocketDoesNotMove) {
  test::RabbitMq broker;
  Driver client(options_for(broker.amqp_port()));
  ASSERT_TRUE(client.connect());
  broker.freeze();
  for (broker::Ticket ticket = 1; ticket <= 20; ++ticket) {
    client->publish(ticket, message_to("/exchange/amq.fanout/x", std::string(1 << 20, 'x')));
  }
  client.run_until([] { return false; }, milliseconds(500));
  const auto start = steady_clock::now();
  client.destroy();
  EXPECT_LT(steady_clock::now() - start, seconds(20));  // not for ever
  broker.thaw();
}

TEST_F(Failing, SaysGoodbyeWithinItsTimeToABrokerThatDoesNotAnswer) {
  test::RabbitMq broker;
  Options impatient = options_for(broker.amqp_port());
  impatient.timeout_disconnect = milliseconds(500);
  Driver client(impatient);
  ASSERT_TRUE(client.connect());
  broker.freeze();
  client->disconnect();
  const auto start = steady_clock::now();
  ASSERT_TRUE(client.ended());
  EXPECT_LT(steady_clock::now() - start, seconds(20));  // not for ever
  broker.thaw();
}

TEST_F(Failing, LosesItsChannelWhenADeliveryIsHeldTooLong) {
  rabbit().eval("application:set_env(rabbit, consumer_timeout, 1000).");
  rabbit().eval("application:set_env(rabbit, channel_tick_interval, 500).");
  Options holding = options();
  holding.subscriptions = {to_queue()};
  Driver client(holding);
  ASSERT_TRUE(client.connect());
  client->publish(1, message_to(to_queue()));
  ASSERT_TRUE(client.received(1));
  ASSERT_TRUE(client.ended());
  EXPECT_EQ(client.failure_kind(), Failure::Kind::temporary) << client.failure();
  rabbit().eval("application:set_env(rabbit, consumer_timeout, 1800000).");
  rabbit().eval("application:set_env(rabbit, channel_tick_interval, 60000).");
}

// A server that accepts and then says something else, or nothing.
class FakeServer {
 public:
  explicit FakeServer(std::string says)
      : says_(std::move(says)), fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port_.number());
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int on = 1;
    setsockopt(fd_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    EXPECT_EQ(bind(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(listen(fd_, 1), 0);
    thread_ = std::thread([this] {
      const int peer = accept(fd_, nullptr, nullptr);
      if (!says_.empty()) (void)!write(peer, says_.data(), says_.size());
      char ignored[4096];
      while (read(peer, ignored, sizeof ignored) > 0) {
      }
      close(peer);
    });
  }
  ~FakeServer() {
    shutdown(fd_, SHUT_RDWR);
    thread_.join();
    close(fd_);
  }
  [[nodiscard]] Options options() const {
    Options result = options_for(port_.number());
    result.timeout_connect = milliseconds(1000);
    return result;
  }

 private:
  test::Port port_;
  std::string says_;
  int fd_;
  std::thread thread_;
};

TEST_F(Failing, GivesUpAServerThatSaysNothing) {
  FakeServer server("");
  Driver client(server.options());
  EXPECT_FALSE(client.connect());
  EXPECT_EQ(client.failure_kind(), Failure::Kind::unavailable) << client.failure();
}

TEST_F(Failing, GivesUpAServerThatSpeaksAnotherProtocol) {
  for (const char* says :
       {"HTTP/1.1 400 Bad Request\r\n\r\n", "\x01\x00\x00\xff\xff\xff\xff garbage", "AMQP\0\0\0\1"}) {
    FakeServer server(says);
    Driver client(server.options());
    EXPECT_FALSE(client.connect()) << says;
    EXPECT_TRUE(client.closed);
    client.destroy();
  }
}

}  // namespace
}  // namespace simplevisor::amqp
