#include "workers/stomp/convert.hpp"

#include <gmock/gmock.h>

#include "tests/stomp/codec_support.hpp"

namespace simplevisor::stomp {
namespace {

using namespace std::string_literals;
using message::Header;
using message::Message;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

SendContext context_of(BrokerType broker, Version version = Version::v1_2) {
  return {broker, Dialect::of(version, broker), "guest"};
}

struct Sent {
  Header header;
  std::string body;
  std::string refusal;  // "" for none
};

Sent sent(const Message& message, const Sending& sending = {}, BrokerType broker = BrokerType::unknown) {
  std::string out = "waiting";
  const auto context = context_of(broker);
  const auto done = append_send(out, message, sending, context, "r1");
  if (!done) {
    EXPECT_EQ(out, "waiting") << "nothing of a refused message is left";
    EXPECT_EQ(done.error().kind, broker::Failure::Kind::configuration);
    return {{}, {}, done.error().message};
  }
  const auto parsed = parse(std::string_view{out}.substr(7), context.dialect, out.size());
  EXPECT_EQ(parsed.frames.size(), 1U) << parsed.error;
  if (parsed.frames.size() != 1) return {{}, {}, "unreadable"};
  EXPECT_EQ(parsed.frames[0].command, "SEND");
  return {{parsed.frames[0].headers.begin(), parsed.frames[0].headers.end()}, parsed.frames[0].body, {}};
}

TEST(AppendSend, StatesTheLengthOfEveryBody) {
  EXPECT_EQ(sent({{{"destination", "/queue/a"}, {"content-length", "99"}}, "ab\0c"s, false}).header,
            (Header{{"destination", "/queue/a"}, {"receipt", "r1"}, {"content-length", "4"}}));
  EXPECT_EQ(sent({{{"destination", "/queue/a"}}, "", false}).header.at("content-length"), "0");
}

TEST(AppendSend, CanMakeTextOfJms) {
  const Sending jms{.text_as_jms = true};
  EXPECT_FALSE(sent({{{"destination", "a"}}, "abc", true}, jms).header.contains("content-length"));
  EXPECT_TRUE(sent({{{"destination", "a"}}, "a\0c"s, true}, jms).header.contains("content-length"));
  EXPECT_TRUE(sent({{{"destination", "a"}}, "abc", false}, jms).header.contains("content-length"));
}

TEST(AppendSend, SaysThatTextIsText) {
  EXPECT_EQ(sent({{{"destination", "a"}}, "abc", true}).header.at("content-type"), "text/unknown");
  EXPECT_EQ(sent({{{"destination", "a"}, {"content-type", "text/x"}}, "abc", true}).header.at("content-type"),
            "text/x");
  EXPECT_FALSE(sent({{{"destination", "a"}}, "abc", false}).header.contains("content-type"));
  // Binary that claims to be text goes as it is: the reference dies of it.
  EXPECT_EQ(sent({{{"destination", "a"}, {"content-type", "text/plain"}}, "\xFF", false}).body, "\xFF");
}

TEST(AppendSend, LeavesOutWhatBelongsToWhereTheMessageCameFrom) {
  const Message received{{{"destination", "a"},
                          {"message-id", "m"},
                          {"ack", "x"},
                          {"subscription", "s"},
                          {"redelivered", "true"},
                          {"receipt", "old"},
                          {"receipt-id", "i"},
                          {"content-length", "5"},
                          {"transaction", "t"},
                          {"timestamp", "1"},
                          {"expires", "0"},
                          {"priority", "4"},
                          {"breadcrumbId", "b"},
                          {"mine", "yes"}},
                         "",
                         false};
  EXPECT_EQ(sent(received).header, (Header{{"destination", "a"},
                                           {"receipt", "r1"},
                                           {"content-length", "0"},
                                           {"timestamp", "1"},
                                           {"expires", "0"},
                                           {"priority", "4"},
                                           {"breadcrumbId", "b"},
                                           {"mine", "yes"}}));
  EXPECT_EQ(sent(received, {.from_other_broker = true}).header,
            (Header{{"destination", "a"}, {"receipt", "r1"}, {"content-length", "0"}, {"mine", "yes"}}));
  const Header kept = sent(received, {.from_other_broker = true, .keep_originals = true}).header;
  EXPECT_EQ(kept.at("x-orig-message-id"), "m");
  EXPECT_EQ(kept.at("x-orig-timestamp"), "1");
  EXPECT_FALSE(kept.contains("timestamp"));
  EXPECT_FALSE(kept.contains("x-orig-content-length"));
}

TEST(AppendSend, NeedsADestination) {
  EXPECT_THAT(sent({}).refusal, HasSubstr("no destination"));
  EXPECT_THAT(sent({{{"destination", ""}}, "", false}).refusal, HasSubstr("destination is empty"));
  EXPECT_THAT(sent({{{"destination", "/queue/"}}, "", false}).refusal, HasSubstr("destination is empty"));
  EXPECT_EQ(sent({}, {.destination = "/queue/d"}).header.at("destination"), "/queue/d");
  EXPECT_EQ(sent({{{"destination", "a"}}, "", false}, {.destination = "/queue/d"}).header.at("destination"),
            "a");
}

TEST(AppendSend, SparesTheBrokerWhatItWouldChokeOn) {
  const std::vector<std::tuple<BrokerType, std::string, std::string, bool>> cases{
      {BrokerType::rabbitmq, "persistent", "yes", false},
      {BrokerType::rabbitmq, "persistent", "true", true},
      {BrokerType::rabbitmq, "priority", "high", false},
      {BrokerType::rabbitmq, "priority", "9", true},
      {BrokerType::rabbitmq, "priority", "256", false},
      {BrokerType::rabbitmq, "timestamp", "now", false},
      {BrokerType::rabbitmq, "timestamp", "17", true},
      {BrokerType::rabbitmq, "expiration", "1.5", false},
      {BrokerType::rabbitmq, "user-id", "someone", false},
      {BrokerType::rabbitmq, "user-id", "guest", true},
      {BrokerType::rabbitmq, "durable", "false", false},
      {BrokerType::rabbitmq, "durable", "true", true},
      {BrokerType::rabbitmq, "auto-delete", "true", false},
      {BrokerType::rabbitmq, "exclusive", "true", false},
      {BrokerType::activemq, "priority", "high", false},
      {BrokerType::activemq, "reply-to", "/queue/", false},
      {BrokerType::activemq, "reply-to", "/queue/a", true},
      {BrokerType::activemq, "timestamp", "now", false},
      {BrokerType::activemq, "JMSXGroupSeq", "x", false},
      {BrokerType::activemq, "AMQ_SCHEDULED_DELAY", "x", false},
      {BrokerType::activemq, "AMQ_SCHEDULED_DELAY", "5", true},
      {BrokerType::activemq, "transformation", "jms-xml", false},
      {BrokerType::activemq, "expires", "", false},
      {BrokerType::unknown, "priority", "high", true},
  };
  for (const auto& [broker, name, value, good] : cases) {
    const Message message{{{"destination", "a"}, {name, value}}, "", false};
    EXPECT_EQ(sent(message, {}, broker).header.contains(name), good) << name << "=" << value;
    EXPECT_EQ(sent(message, {.strict = true}, broker).refusal.empty(), good) << name << "=" << value;
  }
}

TEST(AppendSend, RefusesHeadersThatCannotGoAnywhere) {
  EXPECT_EQ(sent({{{"destination", "a"}, {std::string(255, 'n'), "v"}}, "", false}).refusal, "");
  EXPECT_THAT(sent({{{"destination", "a"}, {std::string(256, 'n'), "v"}}, "", false}).refusal,
              HasSubstr("256 bytes exceeds 255"));
  EXPECT_THAT(sent({{{"destination", "a"}, {"n", std::string(70'000, 'v')}}, "", false}).refusal,
              HasSubstr("exceeds 65536"));
  EXPECT_THAT(sent({{{"destination", "a"}, {"n", "a\0b"s}}, "", false}).refusal,
              HasSubstr("\"n\" cannot be expressed"));
  EXPECT_THAT(sent({{{"destination", "a"}, {"", "v"}}, "", false}).refusal, HasSubstr("cannot be expressed"));

  const Message wide{{{"destination", "a"}, {"n", std::string(10'001, 'v')}}, "", false};
  EXPECT_EQ(sent(wide, {}, BrokerType::rabbitmq).refusal, "");
  EXPECT_THAT(sent(wide, {}, BrokerType::activemq).refusal, HasSubstr("exceeds what ActiveMQ takes"));
  Message many{{{"destination", "a"}}, "", false};
  for (int i = 0; i < 900; ++i) many.header.emplace("h" + std::to_string(i), "v");
  EXPECT_THAT(sent(many).refusal, HasSubstr("more than 900 headers"));

  // An end of line in 1.0 would be a header of the message's own making.
  std::string out;
  const Message injection{{{"destination", "a"}, {"x", "1\nreply-to:evil"}}, "", false};
  EXPECT_FALSE(append_send(out, injection, {}, context_of(BrokerType::unknown, Version::v1_0), ""));
  EXPECT_TRUE(append_send(out, injection, {}, context_of(BrokerType::unknown, Version::v1_1), ""));
  EXPECT_THAT(out, AllOf(HasSubstr("x:1\\nreply-to\\cevil\n"), Not(HasSubstr("receipt"))));
}

TEST(ToMessage, KeepsTheBytesOfWhatIsNotTheTextItClaims) {
  const auto received = [](std::string type, std::string body) {
    Frame frame{"MESSAGE", {{"content-type", std::move(type)}}, std::move(body), 0};
    return to_message(std::move(frame), Version::v1_2);
  };
  EXPECT_TRUE(received("text/plain", "\u263a").text);
  EXPECT_TRUE(received("TEXT/Plain; Charset=\"UTF-8\"", "x").text);
  EXPECT_TRUE(received("application/json;charset=us-ascii", "x").text);
  for (const char* type : {"text/plain; charset=iso-8859-1", "application/json", "text/", "", "image/png"}) {
    EXPECT_FALSE(received(type, "x").text) << type;
  }
  EXPECT_FALSE(received("text/plain", "\xFF").text);
  EXPECT_EQ(received("text/plain", "\xFF").body, "\xFF");
}

TEST(ToMessage, AndBackIsTheSameMessage) {
  const Message message{{{"destination", "/queue/a"}, {"k:e\\y", " v\r\n: "}, {"e", ""}}, "\0\n\0"s, false};
  std::string out;
  ASSERT_TRUE(append_send(out, message, {}, context_of(BrokerType::rabbitmq), ""));
  auto parsed = parse(out, {Version::v1_2, true}, 1);
  ASSERT_EQ(parsed.frames.size(), 1U) << parsed.error;
  Message back = to_message(std::move(parsed.frames[0]), Version::v1_2);
  EXPECT_EQ(back.header.erase("content-length"), 1U);
  EXPECT_EQ(back, message);
}

}  // namespace
}  // namespace simplevisor::stomp
