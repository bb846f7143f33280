// Several instances on one named queue of a real RabbitMQ: what one of them leaves behind, another takes.
#include <gmock/gmock.h>

#include <algorithm>
#include <iostream>
#include <memory>
#include <random>
#include <set>

#include "tests/number_from.hpp"
#include "tests/sarra/brokers.hpp"

namespace simplevisor::sarra {
namespace {

using test::number_from;
using testing::AllOf;
using testing::HasSubstr;

constexpr std::size_t prefetch = 25;  // as it is unless somebody says otherwise

class SarraPoolTest : public BrokersTest {
 protected:
  using Pool = std::vector<std::unique_ptr<Program>>;

  [[nodiscard]] std::unique_ptr<Program> publisher() const {
    return start({"/usr/bin/python3", SARRA_PEER, rabbit->amqp_uri(), "publish", directory / "lines"});
  }
  // So many subscribe to the one queue, nothing waits in it, and so many messages are in their hands.
  [[nodiscard]] bool in_hand(std::size_t consumers, std::size_t messages) const {
    const std::string name = consumer::read_file(directory / "state/queue-name");
    const std::string wanted = name.substr(0, name.size() - 1) + '\t' + std::to_string(consumers) + "\t0\t" +
                               std::to_string(messages) + '\n';
    return until([&] {
      return rabbit->ctl({"list_queues", "name", "consumers", "messages_ready", "messages_unacknowledged"})
                 .find(wanted) != std::string::npos;
    });
  }
  void stop(const Pool& pool) const {
    for (const auto& program : pool) program->signal(SIGTERM);
    for (const auto& program : pool) EXPECT_EQ(program->wait(), 0) << log();
  }
  // How many elements the broker had said it may have brought before.
  [[nodiscard]] std::size_t redelivered() const {
    const auto all = consumer::contents(directory / "q");
    return static_cast<std::size_t>(std::ranges::count_if(all, [](const std::string& content) {
      return message::decode(content).value().message.header.contains("redelivered");
    }));
  }
};

TEST_F(SarraPoolTest, TakesEachAnnouncementOnceAndLosesNoneWhoeverIsKilled) {
  const auto count = number_from("SIMPLEVISOR_POOL_MESSAGES", 1500);
  const auto kills = number_from("SIMPLEVISOR_POOL_KILLS", 4);
  const auto seed = number_from("SIMPLEVISOR_POOL_SEED", std::random_device{}());
  SCOPED_TRACE("SIMPLEVISOR_POOL_SEED=" + std::to_string(seed));
  std::mt19937_64 random{seed};
  // Every one again, from somebody else.
  std::vector<json::object> lines;
  for (std::size_t n = 0; n < 2 * count; ++n)
    lines.push_back(announcement("xs_pool", "f" + std::to_string(n / 2)));
  std::ranges::shuffle(lines, random);
  write_lines("lines", lines);
  ASSERT_EQ(peer({"declare", "unused", "xs_pool", "{}"}), 0) << log();
  const auto arguments = subscriber({"--exchange", "xs_pool", "--nodupe-ttl", "1h", "--expire", "1h"});
  Pool pool;
  for (int n = 0; n < 4; ++n) pool.push_back(start(arguments));
  ASSERT_TRUE(bound()) << log();
  EXPECT_THAT(rabbit->ctl({"list_queues", "name", "arguments"}), HasSubstr("q_guest."));

  const auto source = publisher();
  for (std::size_t kill = 1; kill <= kills; ++kill) {
    const std::size_t now = consumer::queue_at(directory / "q").count().value();
    const std::size_t last = std::max(now, count * kill / (kills + 1));
    ASSERT_TRUE(written(std::uniform_int_distribution{now, last}(random))) << log();
    auto& victim = pool[random() % pool.size()];
    victim->signal(SIGKILL);
    victim->wait();
    victim = start(arguments);
  }
  ASSERT_EQ(source->wait(), 0) << log();
  ASSERT_TRUE(drained()) << log();
  stop(pool);

  const auto all = bodies();
  for (std::size_t n = 0; n < count; ++n) {
    const std::string body = text_of(announcement("xs_pool", "f" + std::to_string(n)).at("body"));
    ASSERT_TRUE(all.contains(body)) << body << " is lost";
  }
  const std::size_t allowed = kills * prefetch;  // what each had in hand when it was killed
  EXPECT_LE(all.size(), count + allowed);
  EXPECT_THAT(log(), HasSubstr("duplicates"));
  std::cout << count << " announcements, each published twice, " << pool.size()
            << " instances; killed: " << kills << "; lost 0, twice " << all.size() - count << " (at most "
            << allowed << "), redelivered " << redelivered() << '\n';
}

TEST_F(SarraPoolTest, WhatTheKilledOneHadInHandComesAgainAndSaysSo) {
  constexpr std::size_t count = 100;
  std::vector<json::object> lines;
  for (std::size_t n = 0; n < count; ++n) lines.push_back(announcement("xs_again", "f" + std::to_string(n)));
  write_lines("lines", lines);
  ASSERT_EQ(peer({"declare", "unused", "xs_again", "{}"}), 0) << log();
  const auto arguments = subscriber({"--exchange", "xs_again", "--nodupe-ttl", "1h"});
  Pool pool;
  for (int n = 0; n < 2; ++n) pool.push_back(start(arguments));
  ASSERT_TRUE(bound()) << log();
  ASSERT_TRUE(in_hand(2, 0)) << log();
  // It is given as many as it may have, and does nothing with them.
  pool[0]->signal(SIGSTOP);
  ASSERT_EQ(publisher()->wait(), 0) << log();
  ASSERT_TRUE(in_hand(2, prefetch)) << log();
  EXPECT_TRUE(written(count - prefetch));
  EXPECT_EQ(redelivered(), 0U);
  pool[0]->signal(SIGKILL);
  pool[0]->wait();
  pool[0] = start(arguments);
  ASSERT_TRUE(drained()) << log();
  stop(pool);
  const auto all = bodies();
  EXPECT_EQ(all.size(), count);
  EXPECT_EQ(std::set<std::string>(all.begin(), all.end()).size(), count);
  EXPECT_EQ(redelivered(), prefetch);
}

TEST_F(SarraPoolTest, GoesOnWhenItsBrokerWasKilled) {
  constexpr int count = 1000;
  std::vector<json::object> lines;
  for (int n = 0; n < count; ++n) lines.push_back(announcement("xs_fall", "f" + std::to_string(n)));
  write_lines("lines", lines);
  ASSERT_EQ(peer({"declare", "unused", "xs_fall", "{}"}), 0) << log();
  auto arguments = subscriber({"--exchange", "xs_fall", "--nodupe-ttl", "1h"});
  auto once = arguments;
  once.insert(once.end(), {"--timeout-inactivity", "1ms"});
  ASSERT_EQ(run(once), 0) << log();  // makes the queue
  ASSERT_EQ(peer({"publish", directory / "lines"}), 0) << log();
  rabbit->sync_definitions();
  Pool pool;
  for (int n = 0; n < 2; ++n) pool.push_back(start(arguments));
  ASSERT_TRUE(written(50)) << log();
  rabbit->kill();
  rabbit->start();
  const auto distinct = [&] {
    const auto all = bodies();
    return std::set<std::string>{all.begin(), all.end()};
  };
  ASSERT_TRUE(written(count)) << log();
  EXPECT_TRUE(until([&] { return distinct().size() == count; })) << log();
  stop(pool);
  EXPECT_LE(bodies().size(), count + 2U * prefetch) << "what each had in hand";
}

TEST_F(SarraPoolTest, EndsWithoutItsBrokerUnlessItMayReconnect) {
  auto arguments = subscriber({"--no-reconnect", "--status-file", directory / "status-{instance}"});
  arguments[2] = "amqp://guest:guest@127.0.0.1:1";
  EXPECT_EQ(run(arguments), 69) << log();
  EXPECT_THAT(log(), HasSubstr("Connection refused"));
  EXPECT_THAT(consumer::read_file(directory / "status-0"),
              AllOf(HasSubstr(R"({"state":"left","received":0)"), HasSubstr("Connection refused")));
}

}  // namespace
}  // namespace simplevisor::sarra
