// Announcements in every form that is out there, and damaged ones.
#include <gmock/gmock.h>

#include "workers/sarra/json_object.hpp"
#include "workers/sarra/time.hpp"
#include "workers/sarra/wire.hpp"

namespace simplevisor::sarra {
namespace {

using testing::HasSubstr;
using testing::Pair;
using testing::UnorderedElementsAre;

constexpr auto minimal = R"("pubTime":"20261121T221128.5","baseUrl":"http://h/","relPath":"a/b")";

message::Message v03(const std::string& more = "") {
  return {{{"content-type", "application/json"}}, std::string{"{"} + minimal + more + "}", false};
}
message::Message v02(const message::Header& header,
                     const std::string& body = "20261121221128.5 http://h/ a/b") {
  message::Message made{header, body, true};
  made.header["content-type"] = "text/plain";
  return made;
}
std::string trouble(const message::Message& message) {
  const auto received = decode(message);
  return received ? "none" : received.error().reason;
}

TEST(Time, IsReadInEveryFormThatIsWritten) {
  using namespace std::chrono;
  const Time second = Time{sys_days{year{2023} / 11 / 14}} + hours{22} + minutes{13} + seconds{20};
  EXPECT_EQ(parse_time("20231114T221320"), second);
  EXPECT_EQ(parse_time("20231114221320"), second);
  EXPECT_EQ(parse_time("20231114T221320."), second);
  EXPECT_EQ(parse_time("20231114T221320.25"), second + milliseconds{250});
  EXPECT_EQ(parse_time("20231114T221320.123456789"), second + nanoseconds{123'456'789});
  const auto cut_off = parse_time("20231114T221320.23977661e-05");
  ASSERT_TRUE(cut_off);
  EXPECT_LT(*cut_off - second, microseconds{100});
  for (const char* bad : {"", "2023", "20231114T2213", "20231314T221320", "20231114T251320",
                          "20231114T221320x", "20231114T221320.x", "9999123T1235959", "20231114T22132é"}) {
    EXPECT_FALSE(parse_time(bad)) << bad;
  }
  EXPECT_EQ(format_time(second), "20231114T221320");
  EXPECT_EQ(format_time(second + nanoseconds{4'500'000}), "20231114T221320.004500000");
  EXPECT_EQ(parse_time(format_time(second + nanoseconds{7})), second + nanoseconds{7});
}

TEST(V03, ForwardsWhatItDoesNotKnowByteForByte) {
  const auto received =
      decode(
          v03(R"(,"n":1.50e+3,"big":123456789012345678901234567890, "o" : {"a": [1.0, "}\"]"]},"mtime":5)"))
          .value();
  EXPECT_THAT(received.announcement.others,
              UnorderedElementsAre(Pair("n", "1.50e+3"), Pair("big", "123456789012345678901234567890"),
                                   Pair("o", R"({"a": [1.0, "}\"]"]})"), Pair("mtime", "5")));
  const std::string written = encode_v03(received.announcement);
  EXPECT_THAT(written, HasSubstr(R"("n":1.50e+3)"));
  EXPECT_THAT(written, HasSubstr(R"("o":{"a": [1.0, "}\"]"]})"));
  EXPECT_EQ(decode_v03(written).value(), received.announcement);
}

TEST(V03, ReadsTheOldNames) {
  const auto a =
      decode(v03(R"(,"integrity":{"method":"md5","value":"eA=="},"retPath":"x?y=1","parts":"1,12,1,0,0")"))
          .value()
          .announcement;
  EXPECT_EQ(a.identity, (Identity{"md5", "eA==", false}));
  EXPECT_EQ(a.retrieve_path, "x?y=1");
  EXPECT_EQ(a.size, 12U);
  EXPECT_EQ(decode(v03(R"(,"size":"13")")).value().announcement.size, 13U);
}

TEST(V03, ReadsTheBareIdentityThatSr3Writes) {
  const auto a = decode(v03(R"(,"identity":"cod,sha512")")).value().announcement;
  EXPECT_EQ(a.identity, (Identity{"cod", "sha512", true}));
  EXPECT_THAT(encode_v03(a), HasSubstr(R"("identity":"cod,sha512")"));
  EXPECT_EQ(encode(a, Format::v02).value().header.at("sum"), "z,s");
}

TEST(V03, KnowsAPartOfAFile) {
  EXPECT_TRUE(decode(v03(R"(,"blocks":{"method":"inplace","size":5})")).value().announcement.partial);
  EXPECT_TRUE(decode(v03(R"(,"parts":"i,5,3,0,1")")).value().announcement.partial);
}

TEST(V03, SaysWhatIsDamaged) {
  EXPECT_THAT(trouble({{{"content-type", "application/json"}}, "{\"pubTime\":", false}),
              HasSubstr("v03: not JSON"));
  EXPECT_THAT(trouble({{{"content-type", "application/json"}}, "[1]", false}),
              HasSubstr("not a JSON object"));
  EXPECT_THAT(trouble({{{"content-type", "application/json"}}, "{}", false}), HasSubstr("without pubTime"));
  EXPECT_THAT(trouble({{{"content-type", "application/json"}}, "{\"a\":\"\xff\"}", false}),
              HasSubstr("not JSON"));
  EXPECT_THAT(trouble({{{"content-type", "application/json"}}, std::string(100, '['), false}),
              HasSubstr("not JSON"));
  EXPECT_THAT(trouble(v03(R"(,"size":-1)")), HasSubstr("size is no whole number"));
  EXPECT_THAT(trouble(v03(R"(,"identity":{"method":"md5"})")), HasSubstr("identity"));
  EXPECT_THAT(trouble(v03(R"(,"content":"text")")), HasSubstr("content"));
  EXPECT_THAT(trouble(v03(R"(,"fileOp":"remove")")), HasSubstr("fileOp"));
  EXPECT_THAT(trouble(v03(R"(,"pubTime":"yesterday")")), HasSubstr("\"yesterday\" is no time"));
  std::string many;
  for (int i = 0; i < 2000; ++i) many += ",\"f" + std::to_string(i) + "\":1";
  EXPECT_THAT(trouble(v03(many)), HasSubstr("more than 1000 fields"));
}

TEST(V02, ReadsEverySum) {
  const auto read = [](const std::string& sum) { return decode(v02({{"sum", sum}})).value().announcement; };
  EXPECT_EQ(read("d,fafdca2fa68795a4937fd54f654c3f9d").identity,
            (Identity{"md5", "+v3KL6aHlaSTf9VPZUw/nQ==", false}));
  EXPECT_EQ(read("0,8531").identity, (Identity{"random", "8531", false}));
  EXPECT_EQ(read("a,what they say").identity, (Identity{"arbitrary", "what they say", false}));
  EXPECT_EQ(read("z,s").identity, (Identity{"cod", "sha512", false}));
  EXPECT_EQ(read("n,00").identity, (Identity{"md5name", "AA==", false}));
  EXPECT_THAT(read("L,00").file_op, UnorderedElementsAre(Pair("link", "")));
  EXPECT_THAT(read("R,00").file_op, UnorderedElementsAre(Pair("remove", "")));
  EXPECT_THAT(read("m,00").file_op, UnorderedElementsAre(Pair("directory", "")));
  EXPECT_THAT(read("r,00").file_op, UnorderedElementsAre(Pair("remove", ""), Pair("directory", "")));
  EXPECT_THAT(trouble(v02({{"sum", "d,xyz"}})), HasSubstr("no hexadecimal number"));
  EXPECT_THAT(trouble(v02({{"sum", ""}})), HasSubstr("LETTER,VALUE"));
}

TEST(V02, UndoesWhatItsLineCannotHold) {
  const auto a = decode(v02({}, "20261121221128 http://h/ we%20ird%23x/100%25")).value().announcement;
  EXPECT_EQ(a.rel_path, "we ird#x/100%25");
  EXPECT_EQ(a.pub_time, "20261121T221128");
  EXPECT_EQ(encode(a, Format::v02).value().body, "20261121221128 http://h/ we%20ird%23x/100%25");
  EXPECT_THAT(trouble(v02({}, "20261121221128 http://h/")), HasSubstr("the body is not"));
  EXPECT_THAT(trouble(v02({}, "20261121221128 http://h/ a b")), HasSubstr("the body is not"));
  EXPECT_THAT(trouble(v02({}, "now http://h/ a")), HasSubstr("\"now\" is no time"));
  EXPECT_THAT(trouble(v02({}, "20261121221128 http://h/ \xff")), HasSubstr("not UTF-8"));
}

TEST(V02, KeepsUnknownFieldsAndLeavesTheTransportsOut) {
  const auto a =
      decode(v02({{"rename", "x"}, {"oldname", "o"}, {"redelivered", "true"}, {"amqp-exchange", "e"}}))
          .value()
          .announcement;
  EXPECT_THAT(a.others, UnorderedElementsAre(Pair("rename", "\"x\"")));
  EXPECT_EQ(a.file_op.at("rename"), "o");
}

TEST(V02, RefusesToWriteWhatNobodyWouldRead) {
  auto a = decode(v03()).value().announcement;
  a.content_type = std::string(255, 'x');
  EXPECT_THAT(encode(a, Format::v02).error(), HasSubstr("contentType is longer than"));
}

TEST(Format, IsToldByTypeAndElseByTheBody) {
  EXPECT_EQ(decode({{}, v03().body, false}).value().format, Format::v03);
  EXPECT_EQ(decode({{}, v02({}).body, false}).value().format, Format::v02);
  EXPECT_EQ(decode({{{"content-type", "application/json; charset=utf-8"}}, v03().body, false}).value().format,
            Format::v03);
  const auto foreign = decode({{{"content-type", "application/geo+json"}}, "{}", false});
  ASSERT_FALSE(foreign);
  EXPECT_TRUE(foreign.error().foreign);
}

TEST(Url, IsEncodedWhereAPathIsNone) {
  auto a = decode(v03()).value().announcement;
  a.rel_path = "/we ird#x/st*r/é%.txt";
  EXPECT_EQ(download_url(a), "http://h/we%20ird%23x/st*r/%C3%A9%25.txt");
  a.retrieve_path = "get?id=1 2%20";
  EXPECT_EQ(download_url(a), "http://h/get?id=1%202%20");
}

}  // namespace
}  // namespace simplevisor::sarra
