// Every source with every sink, against a real RabbitMQ, and what happens when broker or agent is killed on the way.
#include <gmock/gmock.h>

#include <algorithm>
#include <iostream>
#include <memory>
#include <random>

#include "tests/brokers/rabbitmq.hpp"
#include "tests/number_from.hpp"
#include "tests/transfer/support.hpp"

namespace simplevisor::transfer {
namespace {

using test::number_from;
using testing::HasSubstr;

class TransferBrokersTest : public testing::Test {
 protected:
  static void SetUpTestSuite() { rabbit = std::make_unique<test::RabbitMq>(); }
  static void TearDownTestSuite() { rabbit.reset(); }

  static std::string uri(const std::string& protocol) {
    return protocol == "stomp" ? "stomp://127.0.0.1:" + std::to_string(rabbit->stomp_port())
                               : rabbit->amqp_uri();
  }
  // Arguments for one side, with the queue `name` on disk or at the broker.
  [[nodiscard]] std::vector<std::string> side(const std::string& direction, const std::string& kind,
                                              const std::string& name) const {
    if (kind == "queue") return {"--" + direction + "-queue", "path=" + shop.path(name)};
    std::vector<std::string> arguments{"--" + direction + "-broker-uri", uri(kind),
                                       "--" + direction + "-broker-auth", "plain name=guest pass=guest"};
    if (kind == "stomp") {
      arguments.insert(arguments.end(), {"--" + direction + "-broker-connect", "host=%2F"});
    }
    if (direction == "incoming")
      arguments.insert(arguments.end(), {"--subscribe", "destination=/queue/" + name});
    else
      arguments.insert(arguments.end(), {"--destination", "/queue/" + name, "--destination-overrides"});
    return arguments;
  }
  [[nodiscard]] std::vector<std::string> transfer(const std::string& from, const std::string& source,
                                                  const std::string& to, const std::string& target,
                                                  const std::vector<std::string>& more = {}) const {
    std::vector<std::string> arguments = side("incoming", from, source);
    const auto outgoing = side("outgoing", to, target);
    arguments.insert(arguments.end(), outgoing.begin(), outgoing.end());
    arguments.emplace_back("--reliable");
    if (from == "queue") arguments.emplace_back("--remove");
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
  }
  static std::size_t depth(const std::string& queue) {
    const std::string listed = rabbit->ctl({"list_queues", "name", "messages"});
    const auto at = listed.find(queue + "\t");
    return at == std::string::npos ? 0 : std::stoul(listed.substr(at + queue.size() + 1));
  }

  static std::unique_ptr<test::RabbitMq> rabbit;
  Workshop shop;
};

std::unique_ptr<test::RabbitMq> TransferBrokersTest::rabbit;

class EveryPair : public TransferBrokersTest,
                  public testing::WithParamInterface<std::pair<const char*, const char*>> {};

TEST_P(EveryPair, MovesEverythingOnceAndNothingStaysBehind) {
  const auto [from, to] = GetParam();
  constexpr int count = 300;
  const std::string source = std::string("s-") + from + "-" + to;
  const std::string target = std::string("t-") + from + "-" + to;
  if (std::string(from) == "queue") {
    shop.fill(source, count);
  } else {
    shop.fill("seed", count);
    ASSERT_EQ(shop.run(transfer("queue", "seed", from, source)), 0) << shop.log();
    ASSERT_EQ(depth(source), static_cast<std::size_t>(count));
  }
  const std::vector<std::string> counted{"--count", std::to_string(count)};
  ASSERT_EQ(shop.run(transfer(from, source, to, target, counted)), 0) << shop.log();
  if (std::string(from) != "queue") {
    EXPECT_EQ(depth(source), 0U);
  }
  if (std::string(to) != "queue") {
    ASSERT_EQ(shop.run(transfer(to, target, "queue", "end", counted)), 0) << shop.log();
    EXPECT_EQ(shop.bodies("end"), numbered(count));
  } else {
    EXPECT_EQ(shop.bodies(target), numbered(count));
  }
}

INSTANTIATE_TEST_SUITE_P(Transfer, EveryPair,
                         testing::Values(std::pair{"queue", "stomp"}, std::pair{"queue", "amqp"},
                                         std::pair{"stomp", "queue"}, std::pair{"amqp", "queue"},
                                         std::pair{"stomp", "stomp"}, std::pair{"stomp", "amqp"},
                                         std::pair{"amqp", "stomp"}, std::pair{"amqp", "amqp"}),
                         [](const auto& given) {
                           return std::string(given.param.first) + "To" + given.param.second;
                         });

TEST_F(TransferBrokersTest, AWrongPasswordIsAPermanentErrorAtOnce) {
  shop.fill("in", 1);
  for (const char* kind : {"stomp", "amqp"}) {
    auto arguments = transfer("queue", "in", kind, "nobody");
    std::ranges::replace(arguments, "plain name=guest pass=guest", "plain name=guest pass=wrong");
    arguments.emplace_back("--reconnect");
    EXPECT_EQ(shop.run(arguments), 77) << shop.log();
  }
  EXPECT_EQ(consumer::locked(shop.path("in")), 0U);
  EXPECT_EQ(shop.count("in"), 1U);
}

TEST_F(TransferBrokersTest, WithoutABrokerNothingIsLockedAndTheExitSaysSo) {
  shop.fill("in", 1);
  EXPECT_EQ(shop.run({"--incoming-queue", "path=" + shop.path("in"), "--remove", "--outgoing-broker-uri",
                      "tcp://127.0.0.1:1", "--no-reconnect"}),
            69);
  EXPECT_THAT(shop.log(), HasSubstr("Connection refused"));
  EXPECT_EQ(consumer::locked(shop.path("in")), 0U);
}

TEST_F(TransferBrokersTest, OneBadMessageIsSetAsideAndTheOthersGoOn) {
  for (const char* kind : {"stomp", "amqp"}) {
    const std::string queue = std::string("bad-") + kind;
    const std::string in = std::string("in-") + kind;
    shop.fill(in, 50);
    shop.fill(in, 1, "bad", {{std::string(300, 'n'), "a name that AMQP cannot carry"}});
    shop.fill(in, 50, "n");
    EXPECT_EQ(shop.run(transfer("queue", in, kind, queue)), 0) << shop.log();
    EXPECT_EQ(depth(queue), 100U);
    EXPECT_EQ(shop.bodies(in + ".dead"), std::multiset<std::string>{"bad-0"});
  }
}

// The broker is killed, the agent is killed, and in the end everything is there.
class Killed : public TransferBrokersTest, public testing::WithParamInterface<const char*> {};

TEST_P(Killed, BrokersAndAgentsMayDieAtAnyMomentAndNothingIsLost) {
  const std::string kind = GetParam();
  constexpr int count = 3000;
  const std::string queue = "killed-" + kind;
  shop.fill("first", 1);
  ASSERT_EQ(shop.run(transfer("queue", "first", kind, queue)), 0) << shop.log();
  rabbit
      ->sync_definitions();  // or the broker may come back without the queue, and all that was confirmed in it
  shop.fill("in", count);
  const std::vector<std::string> in_and_on{"--loop", "--reconnect", "--maxlock", "3", "--purge", "1"};
  Program sender = shop.start(transfer("queue", "in", kind, queue, in_and_on));
  auto receiver = shop.start_new(transfer(kind, queue, "queue", "out", {"--reconnect"}));
  dirq::Queue out = queue_at(shop.path("out"));
  const auto reached = [&](std::size_t wanted) {
    if (test::eventually([&] { return out.count().value() >= wanted; })) return true;
    ADD_FAILURE() << "at " << out.count().value() << " of " << wanted << "; to send: " << shop.count("in")
                  << ", locked " << consumer::locked(shop.path("in")) << "; at the broker: " << depth(queue)
                  << "\n"
                  << rabbit->ctl({"list_queues", "name", "messages_ready", "messages_unacknowledged"});
    return false;
  };
  ASSERT_TRUE(reached(300)) << shop.log();
  rabbit->kill();
  rabbit->start();
  ASSERT_TRUE(reached(1000)) << shop.log();
  receiver->signal(SIGKILL);
  receiver->wait();
  receiver = shop.start_new(transfer(kind, queue, "queue", "out", {"--reconnect"}));
  const auto everything = [&] {
    const auto bodies = shop.bodies("out");
    return std::set<std::string>{bodies.begin(), bodies.end()};
  };
  const auto wanted = numbered(count);
  const std::set<std::string> all{wanted.begin(), wanted.end()};
  for (std::size_t seen = count; everything() != all; ++seen) ASSERT_TRUE(reached(seen)) << shop.log();
  sender.signal(SIGTERM);
  receiver->signal(SIGTERM);
  EXPECT_EQ(sender.wait(), 0) << shop.log();
  EXPECT_EQ(receiver->wait(), 0) << shop.log();
  EXPECT_EQ(shop.count("in"), 0U);
}

TEST_P(Killed, SendersOfOneQueueLoseNothingAndRepeatNoMoreThanTheirWindows) {
  const std::string kind = GetParam();
  const std::string queue = "senders-" + kind;
  const auto count = number_from("SIMPLEVISOR_SENDERS_MESSAGES", 3000);
  const auto kills = number_from("SIMPLEVISOR_SENDERS_KILLS", 9);
  const auto seed = number_from("SIMPLEVISOR_SENDERS_SEED", std::random_device{}());
  constexpr int window = 50;
  SCOPED_TRACE("SIMPLEVISOR_SENDERS_SEED=" + std::to_string(seed));
  std::mt19937_64 random{seed};
  shop.fill("in", static_cast<int>(count));
  const auto started = [&] {
    return shop.start_new(transfer(
        "queue", "in", kind, queue,
        {"--loop", "--reconnect", "--maxlock", "3", "--purge", "1", "--window", std::to_string(window)}));
  };
  std::vector<std::unique_ptr<Program>> senders;
  for (int n = 0; n < 3; ++n) senders.push_back(started());
  dirq::Queue in = queue_at(shop.path("in"));
  const auto falls_to = [&](std::size_t left) {
    return test::eventually([&] { return in.count().value() <= left; });
  };
  for (std::size_t kill = 1; kill <= kills; ++kill) {
    const std::size_t now = in.count().value();
    const std::size_t last = std::min(now, count - count * kill / (kills + 1));
    ASSERT_TRUE(falls_to(std::uniform_int_distribution{last, now}(random))) << shop.log();
    auto& victim = senders[random() % senders.size()];
    victim->signal(SIGKILL);
    victim->wait();
    victim = started();
  }
  const std::size_t left_locked = consumer::locked(shop.path("in"));
  ASSERT_TRUE(falls_to(0)) << shop.log();
  senders.clear();

  ASSERT_EQ(shop.run(transfer(kind, queue, "queue", "out", {"--timeout-inactivity", "2"})), 0) << shop.log();
  const auto came = shop.bodies("out");
  for (const std::string& body : numbered(static_cast<int>(count)))
    ASSERT_TRUE(came.contains(body)) << body << " is lost";
  // What each had sent, and not removed yet.
  const std::size_t allowed = kills * window;
  EXPECT_LE(came.size(), count + allowed);
  EXPECT_EQ(depth(queue), 0U);
  std::cout << count << " messages, 3 senders; killed: " << kills << ", locked then " << left_locked
            << "; lost 0, twice " << came.size() - count << " (at most " << allowed << ")\n";
}

INSTANTIATE_TEST_SUITE_P(Transfer, Killed, testing::Values("stomp", "amqp"),
                         [](const auto& given) { return std::string(given.param); });

}  // namespace
}  // namespace simplevisor::transfer
