#include "workers/message/codec.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "workers/message/text.hpp"

namespace simplevisor::message {
namespace {

using testing::Eq;
using testing::HasSubstr;
using testing::Optional;

Message text_message(std::string body) {
  return {{}, std::move(body), true};
}

std::string reason_for(std::string_view input, const DecodeLimits& limits = {}) {
  const auto decoded = decode(input, limits);
  return decoded ? "no error" : decoded.error().reason;
}

std::string little_endian(std::uint32_t value) {
  std::string bytes;
  for (unsigned i = 0; i < 4; ++i) bytes += static_cast<char>(value >> 8U * i & 0xFFU);
  return bytes;
}

std::string in_json(std::string_view bytes, std::string_view algorithm) {
  return R"({"body":")" + base64(bytes) + R"(","encoding":"base64+)" + std::string{algorithm} + R"("})";
}

TEST(Decode, KeepsTheJsonTextOfNumbersInAHeader) {
  const auto decoded = decode(R"({"header":{"a":1.50,"b":-0,"c":1E2,"d":12345678901234567890123}})");
  ASSERT_TRUE(decoded);
  EXPECT_EQ(decoded->message.header,
            (Header{{"a", "1.50"}, {"b", "-0"}, {"c", "1E2"}, {"d", "12345678901234567890123"}}));
}

TEST(Decode, SaysWhereTheInputGoesWrong) {
  const auto decoded = decode(R"({"body":"abc"} x)");
  ASSERT_FALSE(decoded);
  EXPECT_THAT(decoded.error().offset, Optional(Eq(15U)));
  EXPECT_EQ(decoded.error().text().find("malformed message at byte 15: "), 0U);
}

TEST(Decode, NamesTheHeaderFieldOfAWrongType) {
  EXPECT_EQ(reason_for(R"({"header":{"k":[1]}})"), R"(header value of "k" is an array, not a string)");
  EXPECT_EQ(reason_for(R"({"header":7})"), "header is a number, not an object");
  EXPECT_EQ(reason_for(R"({"text":"yes"})"), "text is a string, not a boolean");
  EXPECT_EQ(reason_for(R"({"encoding":null})"), "encoding is null, not a string");
  EXPECT_EQ(reason_for("7"), "a message is a JSON object");
}

TEST(Decode, SkipsUnknownFieldsOfAnyShapeAndCountsThem) {
  const auto decoded = decode(R"({"x":{"body":[1,{"header":null}]},"y":[[]],"body":"b","z":1e3})");
  ASSERT_TRUE(decoded) << decoded.error().text();
  EXPECT_EQ(decoded->message.body, "b");
  EXPECT_EQ(decoded->unknown_fields, 3U);
}

TEST(Decode, RefusesBottomlessNesting) {
  EXPECT_THAT(reason_for("{\"x\":" + std::string(100'000, '[')), HasSubstr("not JSON"));
}

TEST(Decode, LetsALaterHeaderReplaceAnEarlierOneWhole) {
  const auto decoded = decode(R"({"header":{"a":"1"},"header":{"b":"2"}})");
  ASSERT_TRUE(decoded);
  EXPECT_EQ(decoded->message.header, (Header{{"b", "2"}}));
}

TEST(Decode, AllocatesNothingBecauseALengthFieldSaysSo) {
  EXPECT_EQ(reason_for(in_json(little_endian(0x7FFFFFFF) + "\x10x", "lz4")),
            "decompressed body exceeds the limit of 134217728 bytes");
  EXPECT_EQ(reason_for(in_json(little_endian(100'000'000) + "\x10x", "lz4")), "corrupt lz4 data");
  EXPECT_EQ(reason_for(in_json("\xFF\xFF\xFF\xFF\x0F", "snappy")),
            "decompressed body exceeds the limit of 134217728 bytes");
  EXPECT_EQ(reason_for(in_json("\x80\xC2\xD7\x2F", "snappy")), "corrupt snappy data");
}

class EveryCompression : public testing::TestWithParam<const char*> {};

TEST_P(EveryCompression, HoldsToTheLimitOfTheDecompressedSize) {
  const auto bomb = encode(text_message(std::string(1'000'000, 'a')), parse_compression(GetParam()).value());
  ASSERT_TRUE(bomb);
  EXPECT_LT(bomb->size(), 100'000U);
  EXPECT_EQ(decode(*bomb, {.body_bytes_max = 1'000'000})->message.body.size(), 1'000'000U);
  EXPECT_EQ(reason_for(*bomb, {.body_bytes_max = 999'999}),
            "decompressed body exceeds the limit of 999999 bytes");
}

TEST_P(EveryCompression, ReadsEveryTruncationAsAnError) {
  std::string body;
  for (int i = 0; i < 200; ++i) body += "line " + std::to_string(i) + "\n";
  const auto options = parse_compression(GetParam()).value();
  const auto whole = encode({{}, body, false}, options);
  const auto begin = whole->find(":\"") + 2;
  const std::string packed = base64_decoded(whole->substr(begin, whole->find('"', begin) - begin)).value();
  for (std::size_t size = 0; size < packed.size(); ++size) {
    EXPECT_FALSE(decode(in_json(packed.substr(0, size), GetParam()))) << size;
  }
  EXPECT_EQ(decode(in_json(packed, GetParam()))->message.body, body);
  EXPECT_FALSE(decode(in_json(packed + "more", GetParam())));
}

TEST_P(EveryCompression, IsForcedByTheExclamationMark) {
  const auto forced = parse_compression(GetParam() + std::string{"!"});
  ASSERT_TRUE(forced);
  const auto written = encode(text_message("é"), *forced);
  ASSERT_TRUE(written);
  EXPECT_THAT(*written, HasSubstr(GetParam()));
  EXPECT_THAT(*written, HasSubstr("utf8"));
  EXPECT_EQ(decode(*written)->message, text_message("é"));
}

INSTANTIATE_TEST_SUITE_P(All, EveryCompression, testing::Values("zlib", "lz4", "snappy"));

TEST(Encode, RefusesTextThatIsNotUtf8) {
  EXPECT_EQ(encode(text_message("ab\xFF")).error().reason, "text body is not UTF-8 from its byte 2");
  EXPECT_EQ(encode({{{"k", "\xED\xA0\x80"}}, "", false}).error().reason,
            R"(header value of "k" is not UTF-8)");
  EXPECT_FALSE(encode({{{"\x80", ""}}, "", false}));
}

TEST(Encode, RefusesABodyThatNoReaderWouldTake) {
  EXPECT_FALSE(encode({{}, "four", false}, {.body_bytes_max = 3}));
  EXPECT_TRUE(encode({{}, "four", false}, {.body_bytes_max = 4}));
}

TEST(Encode, IsDeterministicAndSorted) {
  EXPECT_EQ(encode({{{"b", "2"}, {"a", "1"}}, "x\t\x01", false}).value(),
            R"({"body":"eAkB","encoding":"base64","header":{"a":"1","b":"2"}})");
}

TEST(Compression, IsNamedExactly) {
  EXPECT_TRUE(parse_compression(""));
  for (const char* bad : {"gzip", "ZLIB", "!", "zlib!!", " lz4"}) EXPECT_FALSE(parse_compression(bad)) << bad;
}

TEST(Utf8, IsStrict) {
  for (const std::string_view good :
       {"", "a", "\u00e9", "\u263a", "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBF", "\xEE\x80\x80"}) {
    EXPECT_EQ(first_invalid_utf8(good), std::nullopt) << good;
  }
  for (const std::string_view bad :
       {"\x80", "\xC0\xAF", "\xC1\xBF", "\xE0\x9F\xBF", "\xED\xA0\x80", "\xF0\x8F\xBF\xBF",
        "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xC3", "\xE2\x98", "\xF0\x9F\x98"}) {
    EXPECT_THAT(first_invalid_utf8(bad), Optional(Eq(0U))) << base64(bad);
  }
  EXPECT_THAT(first_invalid_utf8("ab\xFFx"), Optional(Eq(2U)));
  EXPECT_EQ(code_points("a\u00e9\u263a\xF0\x9F\x98\x80"), 4U);
}

// Every byte, at every place of two words and a rest, alone and before another that is not plain.
TEST(PlainRun, EndsExactlyBeforeWhatIsNotPlain) {
  constexpr std::size_t size = 19;
  for (int value = 0; value < 256; ++value) {
    const char c = static_cast<char>(value);
    const bool plain = value >= 0x20 && value <= 0x7E && c != '"' && c != '\\';
    for (std::size_t place = 0; place < size; ++place) {
      std::string bytes(size, '~');
      bytes[place] = c;
      EXPECT_EQ(plain_run(bytes, 0), plain ? size : place) << value;
      EXPECT_EQ(plain_run(bytes, place), plain ? size - place : 0) << value;
      for (const char other : {'\0', '\x1f', '"', '\\', '\x7f', '\x80', '\xff'}) {
        if (place + 1 == size) continue;
        bytes[place + 1] = other;
        EXPECT_EQ(plain_run(bytes, 0), plain ? place + 1 : place) << value;
      }
    }
  }
  EXPECT_EQ(plain_run("", 0), 0U);
  EXPECT_EQ(plain_run("abc", 3), 0U);
}

TEST(Base64, GoesBackAndForthForEveryLength) {
  std::string bytes;
  for (int i = 0; i < 300; ++i) {
    EXPECT_EQ(base64_decoded(base64(bytes)).value(), bytes);
    EXPECT_EQ(base64(bytes).size(), base64_size(bytes.size()));
    bytes += static_cast<char>(i * 7);
  }
}

TEST(Base64, RefusesWhatIsNotWhole) {
  for (const char* bad : {"=", "====", "a===", "ab=c", "abc", "ab c", "abcd=", "a\nbc", "=abc", "ab==ab=="}) {
    EXPECT_FALSE(base64_decoded(bad)) << bad;
  }
}

}  // namespace
}  // namespace simplevisor::message
