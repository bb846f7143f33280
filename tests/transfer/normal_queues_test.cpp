// The transfer agent between normal directory queues (DQN), as existing installations have them, and simple ones.
#include <gmock/gmock.h>

#include <csignal>
#include <filesystem>

#include "tests/transfer/support.hpp"
#include "workers/dirq/normal/queue.hpp"
#include "workers/queue/normal_messages.hpp"

namespace simplevisor::transfer {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
namespace fs = std::filesystem;

class NormalQueuesTest : public testing::Test {
 protected:
  [[nodiscard]] dirq::NormalQueue normal(const std::string& name) const {
    return dirq::NormalQueue::open(shop.path(name), {.schema = queue::message_schema()}).value();
  }
  void fill(const std::string& name, int count) const {
    dirq::NormalQueue queue = normal(name);
    for (int n = 0; n < count; ++n) {
      ASSERT_TRUE(queue.add(queue::element_of({{{"n", std::to_string(n)}}, "m-" + std::to_string(n), true})));
    }
  }
  [[nodiscard]] std::vector<message::Message> messages(const std::string& name) const {
    dirq::NormalQueue queue = normal(name);
    std::vector<message::Message> all;
    while (const auto lock = queue.take().value()) all.push_back(queue::message_of(lock->get().value()));
    return all;
  }
  [[nodiscard]] std::multiset<std::string> bodies(const std::string& name) const {
    std::multiset<std::string> all;
    for (const message::Message& message : messages(name)) all.insert(message.body);
    return all;
  }
  [[nodiscard]] std::vector<std::string> between(const std::string& in, const std::string& out,
                                                 std::vector<std::string> more = {}) const {
    std::vector<std::string> arguments{"--incoming-queue", "path=" + shop.path("in") + " " + in,
                                       "--outgoing-queue", "path=" + shop.path("out") + " " + out,
                                       "--reliable",       "--remove"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
  }
  Workshop shop;
};

TEST_F(NormalQueuesTest, MovesEverythingFromANormalToASimpleQueue) {
  fill("in", 300);
  EXPECT_EQ(shop.run(between("type=DQN", "type=DQS")), 0) << shop.log();
  EXPECT_EQ(normal("in").count().value(), 0U);
  EXPECT_EQ(shop.bodies("out"), numbered(300));
}

TEST_F(NormalQueuesTest, MovesEverythingFromASimpleToANormalQueue) {
  shop.fill("in", 300, "m", {{"k\tey", "v\nal"}});
  EXPECT_EQ(shop.run(between("", "type=DQN maxelts=100")), 0) << shop.log();
  EXPECT_EQ(shop.count("in"), 0U);
  const auto moved = messages("out");
  ASSERT_THAT(moved, SizeIs(300));
  EXPECT_EQ(moved[0].header, (message::Header{{"k\tey", "v\nal"}}));
  EXPECT_TRUE(moved[0].text);
  EXPECT_EQ(bodies("out"), numbered(300));
  EXPECT_TRUE(fs::exists(shop.path("out/00000002")));
  EXPECT_TRUE(fs::is_empty(shop.path("out/temporary")));
}

TEST_F(NormalQueuesTest, KeepsMessagesAsTheyAre) {
  const std::vector<message::Message> given{{{{"a", "b"}}, std::string("\xff\0", 2), false},
                                            {{}, "", true},
                                            {{}, "", false},
                                            {{{"x", ""}}, "\u263a", true}};
  {
    dirq::NormalQueue queue = normal("in");
    for (const message::Message& message : given) ASSERT_TRUE(queue.add(queue::element_of(message)));
  }
  EXPECT_EQ(shop.run(between("type=DQN", "type=DQN")), 0) << shop.log();
  EXPECT_EQ(messages("out"), given);
}

TEST_F(NormalQueuesTest, WithoutRemoveEverythingIsSentOnceAndStays) {
  fill("in", 50);
  EXPECT_EQ(shop.run({"--incoming-queue", "path=" + shop.path("in") + " type=DQN", "--outgoing-queue",
                      "path=" + shop.path("out")}),
            0);
  EXPECT_EQ(bodies("in"), numbered(50));
  EXPECT_EQ(shop.bodies("out"), numbered(50));
}

TEST_F(NormalQueuesTest, SetsAsideWhatIsNoMessageAndGoesOn) {
  fill("in", 3);
  const std::string broken = normal("in").first().value()->str();
  fs::remove(shop.path("in/" + broken + "/header"));
  EXPECT_EQ(shop.run(between("type=DQN", "")), 0) << shop.log();
  EXPECT_EQ(shop.count("out"), 2U);
  EXPECT_EQ(normal("in").count().value(), 0U);
  EXPECT_EQ(shop.count("in.dead"), 0U);
  EXPECT_THAT(shop.log(), AllOf(HasSubstr("dead letter: " + broken), HasSubstr(shop.path("in/corrupt/")),
                                HasSubstr("the field is missing")));
}

TEST_F(NormalQueuesTest, SetsAsideMessagesThatAFilterFails) {
  fill("in", 3);
  const std::string filter = consumer::script(shop.path("filter"), R"PY(#!/usr/bin/python3
import json, sys
for line in sys.stdin:
    order = json.loads(line)
    if order["op"] == "start":
        print(json.dumps({"op": "ready", "window": 5}), flush=True)
    elif order["op"] == "check":
        bad = order["message"]["body"] == "m-1"
        print(json.dumps({"seq": order["seq"], "action": "fail" if bad else "accept", "reason": "no"}), flush=True)
)PY");
  EXPECT_EQ(shop.run(between("type=DQN", "", {"--filter", filter})), 0) << shop.log();
  EXPECT_EQ(shop.bodies("out"), (std::multiset<std::string>{"m-0", "m-2"}));
  EXPECT_EQ(shop.bodies("in.dead"), (std::multiset<std::string>{"m-1"}));
  EXPECT_EQ(normal("in").count().value(), 0U);
}

TEST_F(NormalQueuesTest, WithLoopItIsWokenByNewElements) {
  fill("in", 1);
  Program agent = shop.start(between("type=DQN", "", {"--loop", "--poll", "600"}));
  dirq::Queue out = queue_at(shop.path("out"));
  const auto arrived = [&](std::size_t count) {
    return test::eventually([&] { return out.count().value() >= count; });
  };
  ASSERT_TRUE(arrived(1));
  fill("in", 5);
  EXPECT_TRUE(arrived(6)) << "inotify wakes it: it polls every ten minutes only";
  agent.signal(SIGTERM);
  EXPECT_EQ(agent.wait(), 0);
  EXPECT_EQ(normal("in").stat().value().locked, 0U);
}

TEST_F(NormalQueuesTest, NothingIsLostWhenItIsKilledAgainAndAgain) {
  constexpr int total = 400;
  fill("in", total);
  dirq::NormalQueue in = normal("in");
  dirq::NormalQueue out = normal("out");
  for (int kill = 0; kill < 5; ++kill) {
    const std::size_t before = out.count().value();
    Program agent = shop.start(between("type=DQN", "type=DQN", {"--window", "20"}));
    const auto until = std::chrono::steady_clock::now() + consumer::patience;
    while (in.count().value() > 0 && out.count().value() <= before) {
      ASSERT_LT(std::chrono::steady_clock::now(), until) << shop.log();
    }
    agent.signal(SIGKILL);
    agent.wait();
    // What a purge does once the locks are old.
    const auto entries = in.list();
    for (const dirq::Entry& entry : *entries) {
      if (!entry.locked) continue;
      EXPECT_TRUE(in.unlock(entry.name));
    }
  }
  EXPECT_EQ(shop.run(between("type=DQN", "type=DQN")), 0) << shop.log();
  EXPECT_EQ(in.count().value(), 0U);
  const auto moved = bodies("out");
  const auto given = numbered(total);
  EXPECT_EQ(std::set<std::string>(moved.begin(), moved.end()),
            std::set<std::string>(given.begin(), given.end()));
  EXPECT_LE(moved.size(), given.size() + 5 * 20) << "a kill sends at most what was in hand again";
}

TEST_F(NormalQueuesTest, RefusesQueuesOfAnotherKindAndOptionsOfAnother) {
  fill("in", 1);
  const auto refusal = [&](const std::string& in, const std::string& out) {
    EXPECT_EQ(shop.run(between(in, out)), 78) << in << " " << out;
    return shop.log();
  };
  EXPECT_THAT(refusal("", ""), HasSubstr("it is a normal queue, of type=DQN"));
  EXPECT_THAT(refusal("type=DQN granularity=5", ""), HasSubstr("type=DQN have no granularity"));
  EXPECT_THAT(refusal("type=DQN", "maxelts=5"), HasSubstr("type=DQS have no maxelts"));
  EXPECT_THAT(refusal("type=DQX", ""), HasSubstr("type=DQX"));
  EXPECT_THAT(refusal("type=DQN colour=red", ""), HasSubstr("unknown option colour"));
  EXPECT_EQ(normal("in").count().value(), 1U);
}

}  // namespace
}  // namespace simplevisor::transfer
