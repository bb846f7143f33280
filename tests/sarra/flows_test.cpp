// Announcements posted on, from an exchange to another, against a real RabbitMQ: shovel, winnow, split.
#include <gmock/gmock.h>

#include <map>

#include "tests/sarra/brokers.hpp"

namespace simplevisor::sarra {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::UnorderedElementsAre;

class SarraFlowsTest : public BrokersTest {
 protected:
  // Posts on to `to`, what comes to `from`.
  [[nodiscard]] std::vector<std::string> shovel(const std::string& from, const std::string& to,
                                                const std::vector<std::string>& more = {}) const {
    std::vector<std::string> arguments{SARRA_PROGRAM, "--broker-uri",      rabbit->amqp_uri(),
                                       "--state-dir", directory / "state", "--exchange",
                                       from,          "--post-exchange",   to};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
  }
  [[nodiscard]] std::vector<json::object> drain(const std::string& queue) const {
    const auto program = start({"/usr/bin/python3", SARRA_PEER, rabbit->amqp_uri(), "drain", queue});
    std::vector<json::object> got;
    for (const std::string& line : program->lines()) got.push_back(json::parse(line).as_object());
    EXPECT_EQ(program->wait(), 0) << log();
    return got;
  }
  [[nodiscard]] bool posted(const std::string& queue, std::size_t at_least) const {
    return until([&] {
      const std::string listed = rabbit->ctl({"list_queues", "name", "messages"});
      const std::size_t at = listed.find(queue + "\t");
      return at != std::string::npos && std::stoul(listed.substr(at + queue.size() + 1)) >= at_least;
    });
  }
  [[nodiscard]] std::multiset<std::string> bodies_in(const std::string& queue) const {
    std::multiset<std::string> all;
    for (const json::object& one : drain(queue)) all.insert(text_of(one.at("body")));
    return all;
  }
  // `count` different announcements, each of them twice.
  void write_pairs(const std::string& exchange, int count) const {
    std::vector<json::object> lines;
    for (int round = 0; round < 2; ++round) {
      for (int n = 0; n < count; ++n) lines.push_back(announcement(exchange, "f" + std::to_string(n)));
    }
    write_lines("lines", lines);
  }
};

TEST_F(SarraFlowsTest, AShovelPostsOnWhatIsWantedAndLeavesItAsItIs) {
  ASSERT_EQ(peer({"declare", "q_shovelled", "xs_shovelled", "{}", "#"}), 0) << log();
  ASSERT_EQ(peer({"declare", "unused", "xs_source", "{}"}), 0) << log();
  std::vector<json::object> lines(5, announcement("xs_source", "unused"));
  const auto body = [](const std::string& path, const std::string& more) {
    return R"({"pubTime":"20261121T221128", "baseUrl":"http://h/","relPath":")" + path + '"' + more + '}';
  };
  lines[0]["body"] = body("a b/x", R"(,"mine":{"n":[1.0,1e5]},"size":"3")");
  lines[0]["routing_key"] = "v03.a b";
  lines[1]["body"] = body("a/y", "");
  lines[1]["routing_key"] = "v03.else";
  lines[2]["body"] = body("a/z", R"(,"topic":"v03.its.own")");
  lines[3]["body"] = body("a/not.tmp", "");
  lines[4] = {{"exchange", "xs_source"},
              {"routing_key", "v02.post.old"},
              {"content_type", "text/plain"},
              {"headers", json::object{{"parts", "1,7,1,0,0"}, {"sum", "0,0"}}},
              {"body", "20261121221128 http://h/ old/f"}};
  write_lines("lines", lines);
  auto arguments = shovel("xs_source", "xs_shovelled", {"--patterns", R"(reject .*\.tmp$)", "--count", "4"});
  std::ofstream{directory / "with.json"}
      << R"({"binding":["xs_source:#",{"exchange":"xs_source","prefix":"v02.post"}]})";
  arguments.erase(arguments.begin() + 5, arguments.begin() + 7);  // --exchange
  arguments.insert(arguments.end(), {"--with", directory / "with.json"});
  const auto both = start(arguments);
  ASSERT_TRUE(bound(2)) << log();
  ASSERT_EQ(peer({"publish", directory / "lines"}), 0) << log();
  EXPECT_EQ(both->wait(), 0) << log();

  std::map<std::string, json::object> by_key;
  for (const json::object& one : drain("q_shovelled")) by_key[text_of(one.at("routing_key"))] = one;
  ASSERT_EQ(by_key.size(), 4U);
  const json::object& plain = by_key.at("v03.a b");
  EXPECT_EQ(plain.at("body"), lines[0].at("body")) << "byte for byte";
  EXPECT_EQ(text_of(plain.at("exchange")), "xs_shovelled");
  EXPECT_EQ(text_of(plain.at("content_type")), "application/json");
  EXPECT_EQ(text_of(plain.at("content_encoding")), "utf-8");
  EXPECT_EQ(plain.at("delivery_mode"), 2);
  EXPECT_TRUE(plain.at("headers").as_object().empty());
  EXPECT_EQ(text_of(by_key.at("v03.else").at("body")), body("a/y", R"(,"topic":"v03.else")"));
  EXPECT_EQ(by_key.at("v03.its.own").at("body"), lines[2].at("body"));
  const json::value old = json::parse(text_of(by_key.at("v03.old").at("body")));
  EXPECT_EQ(text_of(old.at("relPath")), "old/f");
  EXPECT_EQ(old.at("size"), 7);
}

TEST_F(SarraFlowsTest, AWinnowPostsOnceWhatCameTwiceAndLosesNothingWhenOneIsKilled) {
  constexpr int count = 1500;
  write_pairs("xs_twice", count);
  ASSERT_EQ(peer({"declare", "unused", "xs_twice", "{}"}), 0) << log();
  ASSERT_EQ(peer({"declare", "q_once", "xs_once", "{}", "#"}), 0) << log();
  const auto arguments = shovel("xs_twice", "xs_once", {"--nodupe-ttl", "1h"});
  std::vector<std::unique_ptr<Program>> pool;
  for (int n = 0; n < 3; ++n) pool.push_back(start(arguments));
  ASSERT_TRUE(bound()) << log();
  const auto publisher =
      start({"/usr/bin/python3", SARRA_PEER, rabbit->amqp_uri(), "publish", directory / "lines"});
  ASSERT_TRUE(posted("q_once", 100)) << log();
  pool[0]->signal(SIGKILL);
  pool[0]->wait();
  pool[0] = start(arguments);
  ASSERT_EQ(publisher->wait(), 0) << log();
  ASSERT_TRUE(drained()) << log();
  for (const auto& program : pool) program->signal(SIGTERM);
  for (const auto& program : pool) EXPECT_EQ(program->wait(), 0) << log();
  const auto all = bodies_in("q_once");
  const std::set<std::string> distinct{all.begin(), all.end()};
  EXPECT_EQ(distinct.size(), static_cast<std::size_t>(count));
  EXPECT_LE(all.size(), static_cast<std::size_t>(count) + 25U) << "what one had in hand when it was killed";
}

TEST_F(SarraFlowsTest, AWinnowGoesOnWhenItsBrokerWasKilled) {
  constexpr int count = 2000;
  write_pairs("xs_fallen", count);
  ASSERT_EQ(peer({"declare", "unused", "xs_fallen", "{}"}), 0) << log();
  ASSERT_EQ(peer({"declare", "q_risen", "xs_risen", "{}", "#"}), 0) << log();
  const auto arguments = shovel("xs_fallen", "xs_risen", {"--nodupe-ttl", "1h"});
  auto once = arguments;
  once.insert(once.end(), {"--timeout-inactivity", "1ms"});
  ASSERT_EQ(run(once), 0) << log();  // makes the queue
  ASSERT_EQ(peer({"publish", directory / "lines"}), 0) << log();
  rabbit->sync_definitions();
  const auto agent = start(arguments);
  ASSERT_TRUE(posted("q_risen", 50)) << log();
  rabbit->kill();
  rabbit->start();
  ASSERT_TRUE(drained()) << log();
  agent->signal(SIGTERM);
  EXPECT_EQ(agent->wait(), 0) << log();
  const auto all = bodies_in("q_risen");
  EXPECT_EQ((std::set<std::string>{all.begin(), all.end()}.size()), static_cast<std::size_t>(count));
  EXPECT_LE(all.size(), count + 25U) << "what it had in hand";
}

TEST_F(SarraFlowsTest, WhatIsTheSameMeetsInOneOfTheSplitExchanges) {
  constexpr int exchanges = 3;
  for (int n = 0; n < exchanges; ++n) {
    const std::string nn = "0" + std::to_string(n);
    ASSERT_EQ(peer({"declare", "q_split" + nn, "xs_split" + nn, "{}", "#"}), 0) << log();
  }
  ASSERT_EQ(peer({"declare", "unused", "xs_whole", "{}"}), 0) << log();
  std::vector<json::object> lines;
  for (int n = 0; n < 60; ++n) {
    json::object line = announcement("xs_whole", "f" + std::to_string(n));
    const std::string identity = std::string(1, static_cast<char>('a' + n % 20));
    line["body"] = R"({"pubTime":"20261121T221128","baseUrl":"http://h/","relPath":"f)" + std::to_string(n) +
                   R"(","identity":{"method":"md5","value":")" + identity + "\"}}";
    lines.push_back(std::move(line));
  }
  write_lines("lines", lines);
  const auto agent = start(shovel("xs_whole", "xs_split", {"--post-exchange-split", "3", "--count", "60"}));
  ASSERT_TRUE(bound()) << log();
  ASSERT_EQ(peer({"publish", directory / "lines"}), 0) << log();
  EXPECT_EQ(agent->wait(), 0) << log();
  std::size_t got = 0;
  for (int n = 0; n < exchanges; ++n) {
    for (const std::string& body : bodies_in("q_split0" + std::to_string(n))) {
      const json::value object = json::parse(body);
      const char value = text_of(object.at("identity").at("value")).front();
      EXPECT_EQ(value % exchanges, n) << body;
      ++got;
    }
  }
  EXPECT_EQ(got, 60U);
}

TEST_F(SarraFlowsTest, WhatIsNoAnnouncementIsSetAsideAndHoldsNobodyUp) {
  ASSERT_EQ(peer({"declare", "q_good", "xs_good", "{}", "#"}), 0) << log();
  ASSERT_EQ(peer({"declare", "unused", "xs_mixed", "{}"}), 0) << log();
  std::vector<json::object> lines(3, announcement("xs_mixed", "good"));
  lines[0]["body"] = "{\"pubTime\":";
  write_lines("lines", lines);
  const auto agent = start(shovel("xs_mixed", "xs_good", {"--count", "3"}));
  ASSERT_TRUE(bound()) << log();
  ASSERT_EQ(peer({"publish", directory / "lines"}), 0) << log();
  EXPECT_EQ(agent->wait(), 0) << log();
  EXPECT_EQ(bodies_in("q_good").size(), 2U);
  EXPECT_EQ(consumer::queue_at(directory / "state/dead").count().value(), 1U);
  EXPECT_THAT(log(), HasSubstr("v03: not JSON"));
}

TEST_F(SarraFlowsTest, WhatIsStoredInADirectoryQueueIsPostedOn) {
  const std::string queue = directory / "stored";
  const auto body = [](const std::string& more) {
    return R"({"pubTime":"20261121T221128", "baseUrl":"http://h/","relPath":"a/f")" + more + '}';
  };
  const message::Header json_type{{"content-type", "application/json"}};
  consumer::add(queue, body(R"(,"n":1.0)"),
                {{"content-type", "application/json"}, {"amqp-routing-key", "v03.moved.since"}});
  consumer::add(queue, body(R"(,"topic":"v03.its.own")"), json_type);
  consumer::add(queue, "{\"pubTime\":", json_type);
  consumer::add(queue, "{}", {{"content-type", "application/geo+json"}});
  ASSERT_TRUE(consumer::queue_at(queue).add("not even a message"));
  ASSERT_EQ(peer({"declare", "q_stored", "xs_stored", "{}", "#"}), 0) << log();
  const auto agent = start(
      {SARRA_PROGRAM, "--from", queue, "--post-broker", rabbit->amqp_uri(), "--post-exchange", "xs_stored"});
  ASSERT_TRUE(posted("q_stored", 2)) << log();
  consumer::add(queue, body(R"(,"late":1)"), json_type);
  ASSERT_TRUE(posted("q_stored", 3)) << log();
  ASSERT_TRUE(until([&] { return consumer::queue_at(queue).count().value() == 0; })) << log();
  agent->signal(SIGTERM);
  EXPECT_EQ(agent->wait(), 0) << log();
  std::vector<std::string> got;
  for (const json::object& one : drain("q_stored"))
    got.push_back(text_of(one.at("routing_key")) + ' ' + text_of(one.at("body")));
  EXPECT_THAT(got, UnorderedElementsAre("v03.a " + body(R"(,"n":1.0)"),
                                        "v03.its.own " + body(R"(,"topic":"v03.its.own")"),
                                        "v03.a " + body(R"(,"late":1)")));
  EXPECT_EQ(consumer::queue_at(directory / "stored.dead").count().value(), 3U);
  EXPECT_THAT(log(), AllOf(HasSubstr("v03: not JSON"), HasSubstr("of another format")));
}

}  // namespace
}  // namespace simplevisor::sarra
