#include "workers/broker/endpoints.hpp"

#include <gmock/gmock.h>

#include <set>

namespace simplevisor::broker {
namespace {

using std::chrono::milliseconds;
using ::testing::ElementsAre;

Endpoints over(std::string_view uri, std::uint32_t seed = 1) {
  return {parse_address(uri).value(), seed};
}

std::vector<long> delays(Endpoints& endpoints, int count) {
  std::vector<long> found;
  for (int i = 0; i < count; ++i) found.push_back(endpoints.next().value().delay.count());
  return found;
}

TEST(Endpoints, GrowTheirDelayFromPassToPassUpToTheMaximum) {
  Endpoints one = over("failover:(tcp://a:1)?maxReconnectDelay=50");
  EXPECT_THAT(delays(one, 6), ElementsAre(0, 10, 20, 40, 50, 50));
  Endpoints two = over("failover:(tcp://a:1,tcp://b:1)?initialReconnectDelay=3&backOffMultiplier=3");
  EXPECT_THAT(delays(two, 8), ElementsAre(0, 0, 3, 0, 9, 0, 27, 0));
  Endpoints even = over("failover:(tcp://a:1)?useExponentialBackOff=false");
  EXPECT_THAT(delays(even, 4), ElementsAre(0, 10, 10, 10));
}

TEST(Endpoints, EndAfterOneTryMoreThanTheReconnects) {
  Endpoints endpoints = over("failover:(tcp://a:1,tcp://b:1)?maxReconnectAttempts=2");
  EXPECT_TRUE(endpoints.next());
  EXPECT_TRUE(endpoints.next());
  EXPECT_TRUE(endpoints.next());
  EXPECT_FALSE(endpoints.next());
  EXPECT_FALSE(endpoints.next());
  endpoints.succeeded();
  EXPECT_TRUE(endpoints.next());
}

TEST(Endpoints, BeginAnewAfterASuccessButNotAtOnce) {
  Endpoints endpoints = over("failover:(tcp://a:1)");
  EXPECT_THAT(delays(endpoints, 4), ElementsAre(0, 10, 20, 40));
  endpoints.succeeded();
  EXPECT_THAT(delays(endpoints, 3), ElementsAre(10, 20, 40));
}

TEST(Endpoints, AreTriedInOrderUnlessShuffled) {
  Endpoints ordered = over("failover:(tcp://a:1,tcp://b:1,tcp://c:1)?randomize=false");
  std::string hosts;
  for (int i = 0; i < 6; ++i) hosts += ordered.next().value().endpoint.host;
  EXPECT_EQ(hosts, "abcabc");

  std::set<std::string> firsts;
  for (std::uint32_t seed = 0; seed < 50; ++seed) {
    Endpoints shuffled = over("failover:(tcp://a:1,tcp://b:1,tcp://c:1)", seed);
    std::string pass;
    for (int i = 0; i < 3; ++i) pass += shuffled.next().value().endpoint.host;
    firsts.insert(pass.substr(0, 1));
    std::ranges::sort(pass);
    EXPECT_EQ(pass, "abc") << "each pass has every one of them";
  }
  EXPECT_EQ(firsts.size(), 3U);
}

}  // namespace
}  // namespace simplevisor::broker
