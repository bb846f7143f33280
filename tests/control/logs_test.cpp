// Workers' output over the control API: the last lines, merged, and what is printed from then on.
#include "supervisor/control/logs.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <fstream>
#include <future>

#include "supervisor/control/client.hpp"
#include "supervisor/control/server.hpp"
#include "tests/control/fake_service.hpp"
#include "tests/control/raw_client.hpp"

namespace simplevisor::control {
namespace {

namespace json = boost::json;
using namespace std::chrono_literals;
using simplevisor::testing::open_server;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr auto patience = 60'000ms;

class Logs : public ::testing::Test {
 protected:
  Logs() { service.logs = dir.path(); }
  void print(const std::string& worker, const std::string& text) {
    std::ofstream{dir / (worker + ".log"), std::ios::app} << text;
    service.printed();
  }
  Response get(const std::string& target) const {
    const auto response = Client(path).get(target, patience);
    EXPECT_TRUE(response) << response.error().message;
    return response ? *response : Response{};
  }
  // "PATH TEXT" of each.
  static std::vector<std::string> lines_of(const std::string& body) {
    std::vector<std::string> lines;
    const json::value answer = json::parse(body);
    for (const json::value& line : answer.at("lines").as_array()) lines.push_back(shown(line));
    return lines;
  }
  static std::string shown(const json::value& line) {
    return std::string(line.at("path").as_string()) + " " + std::string(line.at("text").as_string());
  }
  std::vector<std::string> lines(const std::string& query) const {
    return lines_of(get("/v1/logs" + query).body);
  }

  simplevisor::testing::PrivateDir dir;
  std::string path = dir / "control.sock";
  simplevisor::testing::FakeService service;
};

TEST_F(Logs, OfOneWorkerAreItsLastLines) {
  print("a", "one\ntwo\nthree\n");
  const auto server = open_server(service, path);
  EXPECT_THAT(lines("?pattern=root/a&lines=2"), ElementsAre("root/a two", "root/a three"));
}

TEST_F(Logs, OfSeveralAreMergedByTheirTimes) {
  print("a", "2026-01-31T10:00:00.000Z stdout F a1\n2026-01-31T10:00:02.000Z stdout F a2\n  more of a2\n");
  print("b", "2026-01-31T10:00:01.000Z stdout F b1\n2026-01-31T10:00:03.000Z stdout F b2\n");
  const auto server = open_server(service, path);
  const std::vector<std::string> merged{"root/a a1", "root/b b1", "root/a a2", "root/a   more of a2",
                                        "root/b b2"};
  EXPECT_EQ(lines("?pattern=root"), merged);
  EXPECT_EQ(lines("?pattern=root/b&pattern=root/a&pattern=root/a"), merged);
}

TEST_F(Logs, SayWhatIsMissing) {
  print("a", "one\n");
  const auto server = open_server(service, path);
  const auto notes = json::parse(get("/v1/logs?since=1h").body).at("notes");
  EXPECT_THAT(json::serialize(notes), HasSubstr("no log of root/b:"));
  EXPECT_THAT(json::serialize(notes), HasSubstr("no times in the lines of root/a:"));
}

TEST_F(Logs, ShowBytesThatAreNoTextAsSuch) {
  print("a", "\xff\xfe caf\xc3\xa9\n");
  const auto server = open_server(service, path);
  EXPECT_THAT(lines("?pattern=root/a"), ElementsAre("root/a \uFFFD\uFFFD café"));
}

TEST_F(Logs, AnAnswerIsBoundedAndSaysSo) {
  std::string much;
  while (much.size() < 2 * logs_bytes_max) much += std::string(1000, 'x') + '\n';
  print("a", much);
  const auto server = open_server(service, path);
  const Response response = get("/v1/logs?pattern=root/a&lines=100000");
  EXPECT_LT(response.body.size(), logs_bytes_max + logs_bytes_max / 4);
  EXPECT_THAT(response.body, HasSubstr("older lines of root/a are left out"));
}

TEST_F(Logs, RefuseWhatMakesNoSense) {
  const auto server = open_server(service, path);
  for (const char* const query :
       {"?lines=-1", "?lines=x", "?lines=100001", "?since=yesterday", "?follow=maybe", "?pattern=root//a",
        "?pattern=a&pattern=%ff", "?wait=true"})
    EXPECT_EQ(get(std::string("/v1/logs") + query).status, 400u) << query;
  EXPECT_EQ(get("/v1/logs?pattern=root/x").status, 404u);
  EXPECT_EQ(get("/v1/logs?pattern=root/a&pattern=root/x").status, 404u);
}

TEST_F(Logs, OfTooManyWorkersAreRefused) {
  service.rows = {simplevisor::testing::node("root", runtime::NodeType::supervisor)};
  for (std::size_t n = 0; n <= logs_workers_max; ++n)
    service.rows.push_back(
        simplevisor::testing::node("root/" + std::to_string(n), runtime::NodeType::worker));
  const auto server = open_server(service, path);
  EXPECT_EQ(get("/v1/logs").status, 400u);
  EXPECT_EQ(get("/v1/logs?follow=true").status, 400u);
  EXPECT_EQ(get("/v1/logs?pattern=root/7").status, 200u);
}

TEST_F(Logs, AreFollowedFromWhatIsThereOn) {
  print("a", "one\ntwo\nthr");
  const auto server = open_server(service, path);
  std::promise<void> live;
  auto seen = std::async(std::launch::async, [&] {
    std::vector<std::string> all;
    const auto ended = Client(path).follow(
        "/v1/logs?follow=true&lines=1&pattern=root/a", patience, [&](const Client::Message& message) {
          all.push_back(message.name.empty() ? shown(json::parse(message.data)) : message.name);
          if (message.name == "live") live.set_value();
          return all.size() < 4;
        });
    EXPECT_TRUE(ended);
    return all;
  });
  ASSERT_EQ(live.get_future().wait_for(patience), std::future_status::ready);
  print("b", "not asked for\n");
  print("a", "ee\nfour\n");
  EXPECT_THAT(seen.get(), ElementsAre("root/a two", "live", "root/a three", "root/a four"));
}

TEST_F(Logs, AFollowerOfManyGetsAllOfEachInOrder) {
  const auto server = open_server(service, path);
  constexpr int count = 20'000;
  std::promise<void> live;
  auto seen = std::async(std::launch::async, [&] {
    std::map<std::string, std::vector<std::string>> all;
    int lines = 0;
    const auto ended =
        Client(path).follow("/v1/logs?follow=true", patience, [&](const Client::Message& message) {
          if (message.name == "live") live.set_value();
          if (!message.name.empty()) return true;
          const json::value line = json::parse(message.data);
          all[std::string(line.at("path").as_string())].emplace_back(line.at("text").as_string());
          return ++lines < 2 * count;
        });
    EXPECT_TRUE(ended);
    return all;
  });
  ASSERT_EQ(live.get_future().wait_for(patience), std::future_status::ready);
  std::vector<std::string> expected;
  std::string some;
  for (int n = 0; n < count; ++n) {
    expected.push_back(std::to_string(n));
    some += expected.back() + '\n';
    if (n % 100 != 99) continue;
    print("a", some);
    print("b", some);
    some.clear();
  }
  const auto all = seen.get();
  EXPECT_EQ(all.at("root/a"), expected);
  EXPECT_EQ(all.at("root/b"), expected);
}

TEST_F(Logs, TheEndOfTheSupervisorEndsTheStream) {
  auto server = open_server(service, path);
  std::promise<void> live;
  auto ended = std::async(std::launch::async, [&] {
    return Client(path).follow("/v1/logs?follow=true", patience, [&](const Client::Message& message) {
      if (message.name == "live") live.set_value();
      return true;
    });
  });
  ASSERT_EQ(live.get_future().wait_for(patience), std::future_status::ready);
  server.reset();
  ASSERT_EQ(ended.wait_for(patience), std::future_status::ready);
  EXPECT_TRUE(ended.get());
}

}  // namespace
}  // namespace simplevisor::control
