// Those who follow events: what they get, how they go on after an interruption, and what becomes of those who do not
// read.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>

#include "supervisor/control/client.hpp"
#include "supervisor/control/server.hpp"
#include "supervisor/runtime/journal/recorder.hpp"
#include "tests/control/fake_service.hpp"
#include "tests/control/raw_client.hpp"

namespace simplevisor::control {
namespace {

namespace journal = runtime::journal;
using namespace std::chrono_literals;
using simplevisor::testing::open_server;
using simplevisor::testing::RawClient;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr auto patience = 60'000ms;

class Follow : public ::testing::Test {
 protected:
  void keep(std::size_t ring_bytes = std::size_t{4} << 20, std::chrono::milliseconds gather = 0ms) {
    auto opened = journal::Recorder::open(
        {.place = {.dir = dir / "journal"}, .ring_bytes_max = ring_bytes, .gather = gather});
    ASSERT_TRUE(opened) << opened.error().message;
    recorder = *std::move(opened);
    service.recorder = recorder.get();
  }
  void record(int count, const std::string& text = "x") {
    for (int n = 0; n < count; ++n)
      recorder->record({.kind = journal::Kind::ready, .path = "root/a", .text = text});
    recorder->nudge();
  }
  void happen(int count, const std::string& text = "x") {
    record(count, text);
    ASSERT_TRUE(recorder->sync(patience));
  }
  // The ids of the next `count` messages after `after`.
  std::vector<std::string> next(std::size_t count, journal::EventId after) const {
    std::vector<std::string> ids;
    const auto ended = Client(path).follow("/v1/events?follow=true&after=" + std::to_string(after), patience,
                                           [&](const Client::Message& message) {
                                             ids.push_back(message.name + message.id);
                                             return ids.size() < count;
                                           });
    EXPECT_TRUE(ended) << ended.error().message;
    return ids;
  }

  simplevisor::testing::PrivateDir dir;
  std::string path = dir / "control.sock";
  std::unique_ptr<journal::Recorder> recorder;
  simplevisor::testing::FakeService service;
};

TEST_F(Follow, BeginsWithTheLastFewWhenSoAsked) {
  keep();
  happen(5);
  const auto server = open_server(service, path);
  std::vector<std::string> ids;
  const auto ended =
      Client(path).follow("/v1/events?follow=true&last=2", patience, [&](const Client::Message& message) {
        ids.push_back(message.id);
        return ids.size() < 2;
      });
  EXPECT_TRUE(ended);
  EXPECT_THAT(ids, ElementsAre("4", "5"));
}

TEST_F(Follow, GetsWhatHappenedAndWhatHappensThen) {
  keep();
  happen(2);
  const auto server = open_server(service, path);
  std::promise<void> two_seen;
  auto ids = std::async(std::launch::async, [&] {
    std::vector<std::string> all;
    const auto ended =
        Client(path).follow("/v1/events?follow=true", patience, [&](const Client::Message& message) {
          EXPECT_THAT(message.data, HasSubstr("\"id\":" + message.id + ","));
          all.push_back(message.id);
          if (all.size() == 2) two_seen.set_value();
          return all.size() < 4;
        });
    EXPECT_TRUE(ended);
    return all;
  });
  ASSERT_EQ(two_seen.get_future().wait_for(patience), std::future_status::ready);
  happen(2);
  EXPECT_THAT(ids.get(), ElementsAre("1", "2", "3", "4"));
}

TEST_F(Follow, GoesOnAfterTheLastOneItKnows) {
  keep();
  happen(5);
  const auto server = open_server(service, path);
  EXPECT_THAT(next(2, 3), ElementsAre("4", "5"));
}

TEST_F(Follow, ABrowserThatComesBackGoesOnToo) {
  keep();
  happen(5);
  const auto server = open_server(service, path);
  RawClient client(path);
  client.send(
      "GET /v1/events?after=1 HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\nLast-Event-ID: 4\r\n\r\n");
  std::string seen;
  for (std::string some; !seen.contains("id: 5\n") && !(some = client.read_some()).empty();) seen += some;
  EXPECT_THAT(seen, HasSubstr("Content-Type: text/event-stream"));
  EXPECT_THAT(seen, HasSubstr("id: 5\n"));
  EXPECT_THAT(seen, Not(HasSubstr("id: 4\n")));
}

TEST_F(Follow, WhoIsTooFarBehindIsToldAndCutOff) {
  keep(2000);
  happen(100);
  const auto server = open_server(service, path);
  EXPECT_THAT(next(2, 1), ElementsAre("cut_off"));
}

TEST_F(Follow, TheEndOfTheSupervisorEndsTheStreamAfterTheLastEvent) {
  constexpr auto later_than_the_end = 1h;
  keep(std::size_t{16} << 20, later_than_the_end);
  happen(1);
  auto server = open_server(service, path);
  std::promise<void> seen;
  std::vector<std::string> ids;
  auto ended = std::async(std::launch::async, [&] {
    return Client(path).follow("/v1/events?follow=true", patience, [&](const Client::Message& message) {
      ids.push_back(message.id);
      if (ids.size() == 1) seen.set_value();
      return true;
    });
  });
  ASSERT_EQ(seen.get_future().wait_for(patience), std::future_status::ready);
  constexpr int more_than_is_sent_at_once = 3000;
  record(more_than_is_sent_at_once, std::string(200, 'x'));
  server.reset();
  EXPECT_TRUE(ended.get());
  EXPECT_EQ(ids.size(), 1U + more_than_is_sent_at_once);
}

TEST_F(Follow, WhoDoesNotReadCostsAPlaceForTheTimeOfAWriteOnly) {
  keep(std::size_t{64} << 20);
  Limits limits;
  limits.write_time = 50ms;
  const auto server = open_server(service, path, limits);
  RawClient client(path);
  client.send("GET /v1/events?follow=true HTTP/1.1\r\nHost: x\r\n\r\n");
  happen(2000, std::string(4000, 'x'));  // more than any socket holds
  EXPECT_TRUE(client.wait_for_hangup());
}

TEST_F(Follow, WithoutEventsThereIsNothingToFollow) {
  const auto server = open_server(service, path);
  const auto ended =
      Client(path).follow("/v1/events?follow=true", patience, [](const auto&) { return true; });
  ASSERT_TRUE(ended);
  ASSERT_TRUE(*ended);
  EXPECT_EQ((*ended)->status, 404U);
}

TEST_F(Follow, ASilentStreamIsKeptAlive) {
  keep();
  Limits limits;
  limits.heart_beat = 10ms;
  const auto server = open_server(service, path, limits);
  RawClient client(path);
  client.send("GET /v1/events?follow=true HTTP/1.1\r\nHost: x\r\n\r\n");
  std::string seen;
  for (std::string some; !seen.contains(":\n\n:\n\n") && !(some = client.read_some()).empty();) seen += some;
  EXPECT_THAT(seen, HasSubstr(":\n\n:\n\n"));
}

TEST_F(Follow, EveryOneOfManyFollowersGetsEveryEvent) {
  keep();
  const auto server = open_server(service, path);
  constexpr int followers = 20;
  constexpr int events = 20'000;
  std::vector<std::future<int>> all;
  for (int n = 0; n < followers; ++n) {
    all.push_back(std::async(std::launch::async, [&] {
      int seen = 0;
      const auto ended =
          Client(path).follow("/v1/events?follow=true", patience, [&](const Client::Message& message) {
            EXPECT_EQ(message.id, std::to_string(++seen));
            return seen < events;
          });
      EXPECT_TRUE(ended);
      return seen;
    }));
  }
  for (int n = 0; n < events / 1000; ++n) happen(1000);
  for (auto& seen : all) EXPECT_EQ(seen.get(), events);
}

}  // namespace
}  // namespace simplevisor::control
