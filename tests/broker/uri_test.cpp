#include "workers/broker/uri.hpp"

#include <gmock/gmock.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>

namespace simplevisor::broker {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

Endpoint only(std::string_view uri) {
  const auto address = parse_address(uri);
  EXPECT_TRUE(address) << uri << ": " << (address ? "" : address.error().message);
  if (!address) return {};
  EXPECT_EQ(address->endpoints.size(), 1U);
  return address->endpoints.front();
}

std::string refusal(std::string_view uri) {
  const auto address = parse_address(uri);
  if (address) return "accepted";
  EXPECT_EQ(address.error().kind, Failure::Kind::configuration);
  return address.error().message;
}

class Directory {
 public:
  Directory() {
    std::string pattern = testing::TempDir() + "uri-XXXXXX";
    path_ = ::mkdtemp(pattern.data());
  }
  Directory(const Directory&) = delete;
  Directory& operator=(const Directory&) = delete;
  ~Directory() { std::filesystem::remove_all(path_); }

  std::string file(std::string_view content) const {
    const std::string path = path_ + "/uris";
    std::ofstream{path} << content;
    return path;
  }

 private:
  std::string path_;
};

TEST(BrokerUri, NamesAStompBrokerWithAndWithoutTls) {
  for (const std::string scheme : {"tcp", "stomp", "ssl", "stomp+ssl"}) {
    const Endpoint endpoint = only(scheme + "://mq.example.org:61613");
    EXPECT_EQ(endpoint.protocol, Protocol::stomp);
    EXPECT_EQ(endpoint.tls, scheme.contains("ssl"));
    EXPECT_EQ(endpoint.host, "mq.example.org");
    EXPECT_EQ(endpoint.port, 61613);
  }
  EXPECT_EQ(only("udp://127.0.0.1:9").protocol, Protocol::udp);
  EXPECT_EQ(only("tcp://[::1]:61613").host, "::1");
  EXPECT_EQ(only("tcp://[::1]:61613").text(), "tcp://[::1]:61613");
}

TEST(BrokerUri, NamesAnAmqpBrokerWithItsDefaults) {
  EXPECT_EQ(only("amqp://mq").port, 5672);
  EXPECT_EQ(only("amqps://mq").port, 5671);
  EXPECT_EQ(only("amqp://mq:7").port, 7);
  EXPECT_FALSE(only("amqp://mq").user);
  for (const char* uri : {"amqp://mq", "amqp://mq/", "amqp://mq//", "amqp://mq/%2F"}) {
    EXPECT_EQ(only(uri).virtual_host, "/") << uri;
  }
  const Endpoint endpoint = only("amqp://an%40na:p%3A%2Fw@mq:5673/a%2Fb");
  EXPECT_EQ(endpoint.user, "an@na");
  EXPECT_EQ(endpoint.password.reveal(), "p:/w");
  EXPECT_EQ(endpoint.virtual_host, "a/b");
  EXPECT_EQ(endpoint.text(), "amqp://mq:5673/a%2Fb");
}

TEST(BrokerUri, ListsBrokersWithTheOptionsOfAFailover) {
  const auto address = parse_address(
      "failover:(tcp://a:1,ssl://b:2)?randomize=false&initialReconnectDelay=5&maxReconnectDelay=70"
      "&backOffMultiplier=1.5&useExponentialBackOff=false&maxReconnectAttempts=3");
  ASSERT_TRUE(address) << address.error().message;
  ASSERT_EQ(address->endpoints.size(), 2U);
  EXPECT_EQ(address->endpoints[1].host, "b");
  EXPECT_EQ(address->failover,
            (Failover{false, std::chrono::milliseconds{5}, std::chrono::milliseconds{70}, false, 1.5, 3}));
  for (const char* uri : {"failover:tcp://a:1,tcp://b:2", "failover:(tcp://a:1,tcp://b:2)",
                          "failover://(tcp://a:1,tcp://b:2)?maxReconnectAttempts=-1"}) {
    const auto plain = parse_address(uri);
    ASSERT_TRUE(plain) << uri;
    EXPECT_EQ(plain->endpoints.size(), 2U);
    EXPECT_EQ(plain->failover, Failover{});
  }
}

TEST(BrokerUri, ReadsAFileOfUris) {
  const Directory directory;
  const auto two = parse_address("file:" + directory.file("# brokers\n\n tcp://a:1 \r\ntcp://b:2"));
  ASSERT_TRUE(two) << two.error().message;
  EXPECT_EQ(two->endpoints.size(), 2U);
  const auto failover = parse_address("file:" + directory.file("failover:(tcp://a:1)?randomize=false\n"));
  ASSERT_TRUE(failover) << failover.error().message;
  EXPECT_FALSE(failover->failover.randomize);

  EXPECT_THAT(refusal("file:/nonexistent/x"), AllOf(HasSubstr("/nonexistent/x"), HasSubstr("No such file")));
  EXPECT_THAT(refusal("file:"), HasSubstr("names no file"));
  EXPECT_THAT(refusal("file:/"), HasSubstr("directory"));
  EXPECT_THAT(refusal("file:" + directory.file("# none\n")), HasSubstr("holds no URI"));
  EXPECT_THAT(refusal("file:" + directory.file("tcp://a:1\nfailover:(tcp://b:2)")), HasSubstr("file"));
  EXPECT_THAT(refusal("file:" + directory.file(std::string(uri_bytes_max + 1, '#'))),
              HasSubstr("longer than"));
}

TEST(BrokerUri, SaysWhatIsWrongWithOne) {
  const std::vector<std::pair<std::string, std::string>> cases{
      {"", "SCHEME://"},
      {"localhost:61613", "SCHEME://"},
      {"http://a:1", "its scheme is none of"},
      {"TCP://a:1", "its scheme is none of"},
      {"tcp://a", "no port"},
      {"tcp://a:", "port is not a number"},
      {"tcp://a:0", "port is not a number"},
      {"tcp://a:65536", "port is not a number"},
      {"tcp://a:-1", "port is not a number"},
      {"tcp://a:1/queue", "nothing can follow"},
      {"tcp://:1", "no valid host"},
      {"tcp://a b:1", "no valid host"},
      {"tcp://" + std::string(256, 'h') + ":1", "no valid host"},
      {"tcp://[::1:5", "never closed"},
      {"tcp://[]:5", "no IPv6 address"},
      {"tcp://[::1]5", "only a port"},
      {"amqp://a/%zz", "virtual host"},
      {"amqp://a/" + std::string(128, 'v'), "127 bytes"},
      {"failover:", "SCHEME://"},
      {"failover:()", "SCHEME://"},
      {"failover:(tcp://a:1", "never closed"},
      {"failover:(tcp://a:1)x", "only \"?\""},
      {"failover:(tcp://a:1)?randomize", "NAME=VALUE"},
      {"failover:(tcp://a:1)?randomize=1", "randomize is not true or false"},
      {"failover:(tcp://a:1)?backOffMultiplier=nan", "backOffMultiplier"},
      {"failover:(tcp://a:1)?backOffMultiplier=0.5", "backOffMultiplier"},
      {"failover:(tcp://a:1)?maxReconnectDelay=99999999999", "maxReconnectDelay"},
      {"failover:(tcp://a:1)?tmieout=1", "unknown failover option \"tmieout\""},
      {"failover:(tcp://a:1,amqp://b)", "one protocol"},
      {"amqp://[%]:1", "no IPv6 address"},
      {"amqp://[]:1", "no IPv6 address"},
      {"amqp://[127.0.0.1]:1", "no IPv6 address"},
      {"amqp://[::1%]:1", "no IPv6 address"},
      {"amqp://[::1%a!]:1", "no IPv6 address"},
      {"failover:(udp://a:1,udp://b:1)", "not of udp"},
  };
  for (const auto& [uri, expected] : cases) EXPECT_THAT(refusal(uri), HasSubstr(expected)) << uri;
}

TEST(BrokerUri, KeepsItsBounds) {
  EXPECT_THAT(refusal("tcp://" + std::string(uri_bytes_max, 'a')), HasSubstr("exceeds the limit"));
  std::string many = "failover:tcp://a:1";
  for (std::size_t i = 0; i < endpoints_max; ++i) many += ",tcp://a:1";
  EXPECT_THAT(refusal(many), HasSubstr("more than 64"));
  EXPECT_LT(refusal("x://" + std::string(5000, 'y')).size(), 400U);
}

// Somebody may name the file with his credentials.
TEST(BrokerUri, NeverRepeatsWhatAFileHolds) {
  const Directory directory;
  for (const char* content :
       {"plain name=guest pass=s3cret", "tcp://a:1\nplain name=u pass=\"tcp://s3cret\": x", "tcp://s3cret",
        "failover:(s3cret://x)"}) {
    const std::string said = refusal("file:" + directory.file(content));
    EXPECT_THAT(said, AllOf(Not(HasSubstr("s3c")), HasSubstr("is no broker URI: "))) << content;
  }
}

TEST(BrokerUri, NeverRepeatsAPassword) {
  for (const char* uri : {"amqp://guest:s3cret@a:b", "amqp://guest:s3cret@a/%", "amqp://guest:s3c%ret@a",
                          "tcp://guest:s3cret@a:1", "amqp://guest:x/s3cret@a:5", "htp://guest:s3cret@a:1",
                          "failover:(amqp://u:s3cret@a,tcp://b:1)", "failover:(amqp://u:s3cret@a)?x=y",
                          "guest:s3cret@a", "amqp://u:p@s3cret@a:x"}) {
    EXPECT_THAT(refusal(uri), AllOf(Not(HasSubstr("s3c")), Not(HasSubstr("accepted")))) << uri;
  }
}

}  // namespace
}  // namespace simplevisor::broker
