#include "workers/handler/protocol.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace simplevisor::handler::protocol {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

template <class R>
R as(std::string_view line) {
  const auto reply = parse_reply(line, Vocabulary::handler);
  EXPECT_TRUE(reply) << reply.error();
  return std::get<R>(*reply);
}

std::string fault(std::string_view line) {
  const auto reply = parse_reply(line, Vocabulary::handler);
  return reply ? "none" : reply.error();
}

TEST(Protocol, WritesOneLineForEachOrder) {
  EXPECT_EQ(start_line(R"({"a":1})"), "{\"op\":\"start\",\"protocol\":1,\"data\":{\"a\":1}}\n");
  EXPECT_EQ(handle_line(7, 2, R"({"body":"x"})"),
            "{\"op\":\"handle\",\"seq\":7,\"attempt\":2,\"message\":{\"body\":\"x\"}}\n");
  EXPECT_EQ(idle_line(), "{\"op\":\"idle\"}\n");
  EXPECT_EQ(stop_line(), "{\"op\":\"stop\"}\n");
}

TEST(Protocol, ReadsEveryReply) {
  EXPECT_EQ(as<Ready>(R"({"op":"ready"})").window, 1U);
  EXPECT_EQ(as<Ready>(R"({"op":"ready","window":16,"idle":true,"more":[]})").window, 16U);
  EXPECT_TRUE(as<Ready>(R"({"op":"ready","idle":true})").wants_idle);
  EXPECT_EQ(as<Done>(R"({"seq":18446744073709551615,"action":"done"})").seq, 18446744073709551615ULL);
  EXPECT_EQ(as<Retry>(R"({"seq":3,"action":"retry"})").delay, std::nullopt);
  EXPECT_EQ(as<Retry>(R"({"seq":3,"action":"retry","delay":1.5})").delay, 1500ms);
  EXPECT_EQ(as<Fail>(R"({"seq":3,"action":"fail","reason":"why"})").reason, "why");
  EXPECT_EQ(as<Fail>(R"({"seq":3,"action":"fail"})").reason, "failed, without a reason");
  EXPECT_EQ(as<Fail>(R"({"seq":3,"action":"fail","reason":")" + std::string(5000, 'x') + "\"}").reason.size(),
            1024U);
}

TEST(Protocol, SaysWhatIsWrongWithALine) {
  EXPECT_THAT(fault("hello"), HasSubstr("not JSON"));
  EXPECT_THAT(fault(""), HasSubstr("not JSON"));
  EXPECT_THAT(fault("[]"), HasSubstr("not a JSON object"));
  EXPECT_THAT(fault("{}"), HasSubstr("neither \"op\" nor \"seq\""));
  EXPECT_THAT(fault(R"({"op":"steady"})"), HasSubstr("unknown \"op\""));
  EXPECT_THAT(fault(R"({"op":"ready","window":0})"), HasSubstr("\"window\""));
  EXPECT_THAT(fault(R"({"op":"ready","window":"4"})"), HasSubstr("\"window\""));
  EXPECT_THAT(fault(R"({"op":"ready","idle":1})"), HasSubstr("\"idle\""));
  EXPECT_THAT(fault(R"({"seq":-1,"action":"done"})"), HasSubstr("\"seq\""));
  EXPECT_THAT(fault(R"({"seq":"1","action":"done"})"), HasSubstr("\"seq\""));
  EXPECT_THAT(fault(R"({"seq":1})"), HasSubstr("\"action\""));
  EXPECT_THAT(fault(R"({"seq":1,"action":"accept"})"), HasSubstr("unknown \"action\""));
  EXPECT_THAT(fault(R"({"seq":1,"action":"retry","delay":-1})"), HasSubstr("\"delay\""));
  EXPECT_THAT(fault(R"({"seq":1,"action":"retry","delay":1e300})"), HasSubstr("\"delay\""));
  EXPECT_THAT(fault(R"({"seq":1,"action":"fail","reason":7})"), HasSubstr("\"reason\""));
  EXPECT_THAT(fault(std::string(50'000, '[')), HasSubstr("not JSON"));
  EXPECT_LT(fault(std::string(50'000, 'x')).size(), 200U);
}

TEST(Lines, AreCutHoweverTheyArrive) {
  const std::string text = "one\n\ntwo and more\nthree\nunfinished";
  for (std::size_t piece = 1; piece <= text.size(); ++piece) {
    Lines lines;
    std::vector<std::string> got;
    for (std::size_t at = 0; at < text.size(); at += piece) {
      lines.append(std::string_view{text}.substr(at, piece));
      while (const auto line = lines.next()) got.emplace_back(*line);
    }
    EXPECT_THAT(got, testing::ElementsAre("one", "", "two and more", "three")) << piece;
  }
}

TEST(Lines, SeeAnUnfinishedLineGrowTooLong) {
  Lines lines{8};
  lines.append("12345678");
  EXPECT_EQ(lines.next(), std::nullopt);
  EXPECT_FALSE(lines.overlong());
  lines.append("9");
  EXPECT_TRUE(lines.overlong());
  lines.append("\n123");
  EXPECT_EQ(lines.next(), "123456789");
  EXPECT_FALSE(lines.overlong());
}

TEST(Protocol, AFiltersWordsAreNotAHandlers) {
  EXPECT_EQ(check_line(7, R"({"body":"x"})"), "{\"op\":\"check\",\"seq\":7,\"message\":{\"body\":\"x\"}}\n");
  const auto filter = [](std::string_view line) { return parse_reply(line, Vocabulary::filter); };
  EXPECT_FALSE(std::get<Accept>(*filter(R"({"seq":1,"action":"accept"})")).message_json);
  EXPECT_EQ(std::get<Accept>(*filter(R"({"seq":1,"action":"accept","message":{"body":"y"}})")).message_json,
            R"({"body":"y"})");
  EXPECT_EQ(std::get<Discard>(*filter(R"({"seq":1,"action":"discard","reason":"old"})")).reason, "old");
  EXPECT_FALSE(filter(R"({"seq":1,"action":"accept","message":"y"})"));
  EXPECT_FALSE(filter(R"({"seq":1,"action":"done"})"));
  EXPECT_THAT(fault(R"({"seq":1,"action":"accept"})"), HasSubstr("unknown \"action\""));
}

}  // namespace
}  // namespace simplevisor::handler::protocol
