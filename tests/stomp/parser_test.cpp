#include "workers/stomp/parser.hpp"

#include <gmock/gmock.h>

#include "tests/stomp/codec_support.hpp"

namespace simplevisor::stomp {
namespace {

using ::testing::HasSubstr;

using namespace std::string_literals;
using namespace std::string_view_literals;

constexpr Dialect v1_2{Version::v1_2, true};

TEST(Parser, TakesEndsOfLineForHeartBeats) {
  Parser parser;
  for (int i = 0; i < 1000; ++i) {
    feed(parser, "\n\r\n\n");
    ASSERT_FALSE(parser.next().value());
    ASSERT_FALSE(parser.amid_frame());
    ASSERT_EQ(parser.buffered(), 0U);
  }
  feed(parser, "\nRECEIPT\nreceipt-id:1\n\n\0\n\n"s + "REC");
  EXPECT_EQ(parser.next().value()->command, "RECEIPT");
  EXPECT_FALSE(parser.next().value());
  EXPECT_TRUE(parser.amid_frame());
}

TEST(Parser, RefusesWhatIsNotStompBeforeReadingMuchOfIt) {
  for (const std::string& greeting :
       {"HTTP/1.1 400 Bad Request\r\n"s, "\x15\x03\x01\x00\x02\x02\x46 and more"s,
        "AMQP\0\0\x09\x01 and more"s, "message\n\n\0"s, "MESSAGE \n\n\0"s, "220 mail.example.org ESMTP"s}) {
    EXPECT_THAT(parse(greeting, v1_2, 1).error, HasSubstr("is no command")) << greeting;
  }
}

TEST(Parser, BoundsHeaders) {
  const ParserLimits limits{.header_bytes_max = 1000, .header_count_max = 10};
  std::string many = "MESSAGE\n";
  for (int i = 0; i < 11; ++i) many += "h" + std::to_string(i) + ":v\n";
  EXPECT_THAT(parse(many, v1_2, 100, limits).error, HasSubstr("more than 10 headers"));
  EXPECT_THAT(parse("MESSAGE\nx:" + std::string(2000, 'x'), v1_2, 100, limits).error,
              HasSubstr("exceed 1000"));
  // Repeated headers add up as well, although only one of them is kept.
  std::string repeated = "MESSAGE\n";
  for (int i = 0; i < 500; ++i) repeated += "a:b\n";
  EXPECT_THAT(parse(repeated, v1_2, 100, limits).error, HasSubstr("exceed 1000"));
}

TEST(Parser, ReadsPastABodyThatIsTooLarge) {
  const ParserLimits limits{.body_bytes_max = 1000, .truncated_bytes_kept = 10};
  const std::string large(100'000, 'x');
  for (const std::string& length : {"content-length:100000\n"s, ""s}) {
    for (const std::size_t piece : {std::size_t{333}, std::size_t{1'000'000}}) {
      const auto parsed =
          parse("MESSAGE\nmessage-id:7\n" + length + "\n" + large + "\0"s + "RECEIPT\nreceipt-id:1\n\n\0"s,
                v1_2, piece, limits);
      ASSERT_EQ(parsed.frames.size(), 2U) << parsed.error;
      EXPECT_TRUE(parsed.frames[0].truncated());
      EXPECT_EQ(parsed.frames[0].body_bytes, 100'000U);
      EXPECT_EQ(parsed.frames[0].body, std::string(10, 'x'));
      EXPECT_EQ(parsed.frames[0].header_or("message-id", ""), "7");
      EXPECT_FALSE(parsed.frames[1].truncated());
    }
  }
}

TEST(Parser, DoesNotAllocateBecauseALengthSaysSo) {
  Parser parser{{}, v1_2};
  feed(parser, "MESSAGE\ncontent-length:999999999999999999\n\nabc");
  EXPECT_FALSE(parser.next().value());
  for (const char* length : {"1000000000000000000", "-1", "+1", "1 2", "", "0x10", "1e3"}) {
    EXPECT_THAT(parse("MESSAGE\ncontent-length:"s + length + "\n\n\0"s, v1_2, 9).error,
                HasSubstr("content-length"))
        << length;
  }
}

TEST(Parser, UnescapesByVersionAndCommand) {
  const auto value = [](std::string_view frame, Dialect dialect) -> std::string {
    const auto parsed = parse(frame, dialect, 3);
    return parsed.frames.empty() ? parsed.error : std::string{parsed.frames[0].header_or("x", "none")};
  };
  EXPECT_EQ(value("MESSAGE\nx:\\n\\c\\\\\\r\n\n\0"sv, v1_2), "\n:\\\r");
  EXPECT_THAT(value("MESSAGE\nx:\\r\n\n\0"sv, {Version::v1_1, true}), HasSubstr("escape"));
  EXPECT_THAT(value("MESSAGE\nx:a\\\n\n\0"sv, v1_2), HasSubstr("escape"));
  EXPECT_EQ(value("MESSAGE\nx: \\c \n\n\0"sv, {Version::v1_0, false}), "\\c");
  EXPECT_EQ(value("MESSAGE\nx:\\c\n\n\0"sv, Dialect::of(Version::v1_0, BrokerType::rabbitmq)), ":");
  // ActiveMQ's CONNECTED has bare colons in 1.2, and no version escapes there.
  EXPECT_EQ(value("CONNECTED\nx:ID:a:\\q\n\n\0"sv, v1_2), "ID:a:\\q");
  EXPECT_EQ(value("ERROR\nx:because: so\n\n\0"sv, v1_2), "because: so");
}

TEST(Parser, IsLinearInWhatComesByteByByte) {
  // A head of 200 kB in single bytes: rescanning from its beginning would take minutes.
  std::string head = "MESSAGE\n";
  for (int i = 0; i < 200; ++i) head += "header-" + std::to_string(i) + ":" + std::string(1000, 'v') + "\n";
  const auto parsed = parse(head + "\nbody\0"s, v1_2, 1);
  ASSERT_EQ(parsed.frames.size(), 1U) << parsed.error;
  EXPECT_EQ(parsed.frames[0].headers.size(), 200U);
}

}  // namespace
}  // namespace simplevisor::stomp
