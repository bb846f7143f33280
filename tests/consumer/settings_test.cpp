#include "workers/consumer/settings.hpp"
#include "workers/service/units.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace simplevisor::consumer {
namespace {

using namespace std::chrono_literals;
using service::parse_duration;
using service::parse_size;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(Duration, TakesUnitsAndPlainSeconds) {
  EXPECT_EQ(parse_duration("5"), 5s);
  EXPECT_EQ(parse_duration("0"), 0s);
  EXPECT_EQ(parse_duration("250ms"), 250ms);
  EXPECT_EQ(parse_duration("1.5s"), 1500ms);
  EXPECT_EQ(parse_duration("2 min"), 2min);
  EXPECT_EQ(parse_duration("1h"), 1h);
  EXPECT_EQ(parse_duration("1d"), 24h);
  for (const char* bad : {"", "s", "-1s", "5x", "5 s s", "nan", "inf", "1e5", "99999999999999999d"}) {
    EXPECT_EQ(parse_duration(bad), std::nullopt) << bad;
  }
}

TEST(Size, TakesUnitsAndPlainBytes) {
  EXPECT_EQ(parse_size("100"), 100U);
  EXPECT_EQ(parse_size("64KiB"), 65536U);
  EXPECT_EQ(parse_size("1 MB"), 1'000'000U);
  EXPECT_EQ(parse_size("1mb"), std::nullopt);
}

TEST(JsonFile, SetsEveryTypeOfSetting) {
  Settings settings;
  EXPECT_THAT(
      set_from_json(settings, R"({"queue":["/a","/b"],"handler":["./h","x"],"protocol":"stream","raw":true,
      "data":{"k":[1]},"window":8,"attempts":"5","retry_delay":"10s","poll":2,"drain_timeout":0.5,
      "dead_letter":"/d","message_bytes_max":"1MiB","durability":"none"})"),
      IsEmpty());
  EXPECT_THAT(settings.queues, ElementsAre("/a", "/b"));
  EXPECT_THAT(settings.handler, ElementsAre("./h", "x"));
  EXPECT_EQ(settings.protocol, Protocol::stream);
  EXPECT_TRUE(settings.raw);
  EXPECT_EQ(settings.data, R"({"k":[1]})");
  EXPECT_EQ(settings.window, 8U);
  EXPECT_EQ(settings.attempts, 5U);
  EXPECT_EQ(settings.retry_delay, 10s);
  EXPECT_EQ(settings.poll, 2s);
  EXPECT_EQ(settings.drain_timeout, 500ms);
  EXPECT_EQ(settings.message_bytes_max, 1048576U);
  EXPECT_EQ(settings.durability, Sync::none);
  EXPECT_THAT(contradictions(settings), IsEmpty());
}

TEST(JsonFile, ReportsEveryProblemInOneRun) {
  Settings settings;
  EXPECT_THAT(
      set_from_json(settings,
                    R"({"que":"/a","retry_dealy":"5s","raw":"yes","window":0,"attempts":-1,"handler":["x",1],
                                  "protocol":"http","poll":"soon","data":[],"dead_letter":7,"xyzzy":1,"handler_timeout":true})"),
      ElementsAre(
          R"(que: unknown key (did you mean "queue"?))",
          R"(retry_dealy: unknown key (did you mean "retry_delay"?))", "raw: must be true or false",
          R"(window: "0" is no number from 1 to 1000)", R"(attempts: "-1" is no number from 1 to 1000000)",
          "handler: must be a string or a list of strings", R"(protocol: "http" is none of exec, stream)",
          R"(poll: "soon" is no duration such as 5s or 250ms)", "data: must be a table",
          "dead_letter: must be a string", "xyzzy: unknown key",
          "handler_timeout: is not a yes-or-no setting"));
}

TEST(JsonFile, MustBeAnObject) {
  Settings settings;
  EXPECT_THAT(set_from_json(settings, "[]"), ElementsAre("not a JSON object"));
  EXPECT_THAT(set_from_json(settings, "{"), ElementsAre(HasSubstr("not JSON")));
  EXPECT_THAT(set_from_json(settings, std::string(100'000, '[')), ElementsAre(HasSubstr("not JSON")));
}

TEST(Words, GoThroughTheSameTable) {
  Settings settings;
  EXPECT_EQ(set_from_words(settings, "queue", {"/a", "/b"}), std::nullopt);
  EXPECT_EQ(set_from_words(settings, "raw", {}), std::nullopt);
  EXPECT_EQ(set_from_words(settings, "data", {R"({"a":1})"}), std::nullopt);
  EXPECT_EQ(set_from_words(settings, "concurrency", {"3"}), std::nullopt);
  EXPECT_EQ(settings.window, 3U);
  EXPECT_NE(set_from_words(settings, "data", {"{"}), std::nullopt);
  EXPECT_NE(set_from_words(settings, "nothing", {"1"}), std::nullopt);
}

TEST(Contradictions, AreFoundBeforeAnythingIsOpened) {
  EXPECT_THAT(contradictions({}), ElementsAre(HasSubstr("queue:"), HasSubstr("handler:")));
  Settings settings;
  settings.queues = {"/a", "/a/", "/b/../a"};
  settings.handler = {"x"};
  settings.dead_letter = "/a";
  EXPECT_THAT(contradictions(settings), testing::Contains(HasSubstr("dead_letter:")));
  settings = {};
  settings.queues = {"/a", "/x/../a"};
  settings.handler = {"x"};
  settings.window = settings.held_max;
  settings.maxlock = 1s;
  settings.poll = 0s;
  EXPECT_THAT(contradictions(settings), ElementsAre(HasSubstr("named twice"), HasSubstr("held_max:"),
                                                    HasSubstr("poll:"), HasSubstr("maxlock:")));
}

TEST(DeadLetter, IsBesideTheQueueUnlessToldOtherwise) {
  Settings settings;
  EXPECT_EQ(settings.dead_letter_of("/var/spool/jobs"), "/var/spool/jobs.dead");
  EXPECT_EQ(settings.dead_letter_of("/var/spool/jobs//"), "/var/spool/jobs.dead");
  settings.dead_letter = "/dead";
  EXPECT_EQ(settings.dead_letter_of("/var/spool/jobs"), "/dead");
}

TEST(HandlerTimeout, DependsOnTheProtocolUnlessGiven) {
  Settings settings;
  EXPECT_EQ(settings.message_timeout(), 10min);
  settings.protocol = Protocol::stream;
  EXPECT_EQ(settings.message_timeout(), 30s);
  settings.handler_timeout = 0s;
  EXPECT_EQ(settings.message_timeout(), 0s);
}

}  // namespace
}  // namespace simplevisor::consumer
