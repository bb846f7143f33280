// Announcements of parts of files, as sr3 and its forerunners write them, and as we do.
#include <gmock/gmock.h>

#include "workers/sarra/part.hpp"
#include "workers/sarra/repost.hpp"
#include "workers/sarra/wire.hpp"

namespace simplevisor::sarra {
namespace {

using testing::HasSubstr;

// The second of three parts, with the fields and in the order that sr3_post has them, its checksums of md5.
constexpr auto of_sr3 =
    R"({"blocks": {"method": "inplace", "size": 4, "number": 1, "manifest": {"0": {"size": 4, "identity": )"
    R"("RcneHdo+0Y5pmpz1ve0MWg=="}, "1": {"size": 4, "identity": "RcneHdo+0Y5pmpz1ve0MWg=="}, "2": {"size": 2, )"
    R"("identity": "7MEFYsdi8OmEG4xWwBR/Cg=="}}}, "pubTime": "20261121T221128.5", "baseUrl": "http://h/", )"
    R"("relPath": "d/big.bin", "identity": {"method": "md5", "value": "RcneHdo+0Y5pmpz1ve0MWg=="}, )"
    R"("mode": "644", "size": 4, "mtime": "20261121T221100.25", "atime": "20261121T221100.25"})";

message::Message v03(const std::string& body) {
  return {{{"content-type", "application/json"}}, body, false};
}
message::Message v03_with(const std::string& fields, const std::string& path = "d/f") {
  return v03(R"({"pubTime":"20261121T221128.5","baseUrl":"http://h/","relPath":")" + path + "\"," + fields +
             "}");
}
message::Message v02(const std::string& parts, const std::string& path = "d/f") {
  return {{{"content-type", "text/plain"},
           {"parts", parts},
           {"sum", "d,45c9de1dda3ed18e699a9cf5bded0c5a"},
           {"mtime", "20261121221100.25"}},
          "20261121221128.5 http://h/ " + path,
          true};
}
Announcement of(const message::Message& message) {
  return decode(message).value().announcement;
}
Part part(const message::Message& message) {
  return part_of(of(message)).value();
}
std::string trouble(const message::Message& message) {
  const Announcement announcement = of(message);
  EXPECT_TRUE(announcement.partial);
  const auto read = part_of(announcement);
  return read ? "none" : read.error();
}

TEST(Part, IsReadAsSr3WritesIt) {
  const Part p = part(v03(of_sr3));
  EXPECT_TRUE(p.inplace);
  EXPECT_EQ(p.path, "d/big.bin");
  EXPECT_EQ(p.number, 1U);
  EXPECT_EQ(p.offset(1), 4U);
  EXPECT_EQ(p.total(), 10U);
  EXPECT_EQ(p.identity(2), (Identity{"md5", "7MEFYsdi8OmEG4xWwBR/Cg==", false}));
  EXPECT_FALSE(p.whole) << "sr3 does not say it";
}

TEST(Part, OfASubscriberOfSr3HasAFileOfItsOwn) {
  std::string body = of_sr3;
  body.replace(body.find("inplace"), 7, "separate");
  body.replace(body.find("big.bin"), 7, "big.bin§block_0001,4_§");
  const Part p = part(v03(body));
  EXPECT_FALSE(p.inplace);
  EXPECT_EQ(p.path, "d/big.bin");
  EXPECT_EQ(p.offset(2), 8U);
}

TEST(Part, WithoutANumberIsTheWholeThatSr3HasPutTogether) {
  std::string body = of_sr3;
  body.erase(body.find("\"number\": 1, "), 13);
  EXPECT_FALSE(part(v03(body)).number);
}

TEST(Part, IsReadInTheFormOfBeforeTheManifest) {
  // Numbers were texts.
  const std::string fields =
      R"("size":2,"identity":{"method":"md5","value":"7MEFYsdi8OmEG4xWwBR/Cg=="},"blocks":{"method":"partitioned",)"
      R"("size":"4","count":"3","remainder":"2","number":"2"})";
  const Part p = part(v03_with(fields, "d/f.4.3.2.2.d.Part"));
  EXPECT_EQ(p.path, "d/f");
  EXPECT_EQ(p.total(), 10U);
  EXPECT_EQ(p.identity(2)->value, "7MEFYsdi8OmEG4xWwBR/Cg==");
  EXPECT_FALSE(p.identity(0)) << "each announcement knows its own";
  EXPECT_EQ(part(v03_with(R"("parts":"i,5,3,0,1")")).total(), 15U);
}

TEST(Part, IsReadInTheOldFormat) {
  const Part p = part(v02("i,4,3,2,1"));
  EXPECT_TRUE(p.inplace);
  EXPECT_EQ(p.number, 1U);
  EXPECT_EQ(p.total(), 10U);
  EXPECT_EQ(p.identity(1), (Identity{"md5", "RcneHdo+0Y5pmpz1ve0MWg==", false}));
  EXPECT_EQ(part(v02("p,4,3,2,1", "d/f.4.3.2.1.d.Part")).path, "d/f");
  EXPECT_EQ(part(v02("i,4,1,0,0")).total(), 4U);
}

TEST(Part, SaysWhatIsDamaged) {
  EXPECT_THAT(trouble(v03_with(R"("blocks":7)")), HasSubstr("nothing more is said of"));
  EXPECT_THAT(trouble(v03_with(R"("blocks":{"method":"sideways"})")), HasSubstr("a method that is none of"));
  EXPECT_THAT(trouble(v03_with(R"("blocks":{"method":"inplace","size":4})")), HasSubstr("of no number"));
  const auto manifest = [](const std::string& entries, const std::string& number) {
    return v03_with(R"("blocks":{"method":"inplace","number":)" + number + R"(,"manifest":{)" + entries +
                    "}}");
  };
  EXPECT_THAT(trouble(manifest("", "0")), HasSubstr("an empty manifest"));
  for (const char* entries :
       {R"("1":{"size":4})", R"("0":{"size":0})", R"("0":{"size":4},"00":{"size":4})", R"("0":{"size":-4})",
        R"("0":5)", R"("x":{"size":4})", R"("0":{"size":9223372036854775807},"1":{"size":1})",
        R"("0":{"size":18446744073709551615})"}) {
    EXPECT_THAT(trouble(manifest(entries, "0")), HasSubstr("does not name each part")) << entries;
  }
  EXPECT_THAT(trouble(manifest(R"("0":{"size":4})", "1")), HasSubstr("part 1 of 1"));
  EXPECT_THAT(trouble(manifest(R"("0":{"size":4})", "-1")), HasSubstr("without the number"));
  std::string many;
  for (std::size_t n = 0; n <= parts_max; ++n)
    many += (n == 0 ? "\"" : ",\"") + std::to_string(n) + "\":{\"size\":1}";
  EXPECT_THAT(trouble(manifest(many, "0")), HasSubstr("more than 10000 parts"));
  for (const char* parts : {"x,1,2,3,4", "i", "i,", "i,4,3,2", "i,4,3,2,1,0", "i,4,3,2,-1", "i,4,,2,1"})
    EXPECT_NE(trouble(v02(parts)), "none") << parts;
  EXPECT_THAT(trouble(v02("i,4,3,4,1")), HasSubstr("parts of no size"));
  EXPECT_THAT(trouble(v02("i,4,3,2,3")), HasSubstr("part 3 of 3"));
  EXPECT_THAT(trouble(v02("i,4611686018427387904,3,2,1")), HasSubstr("too large"));
  for (const char* path : {"d/f", "d/.4.3.2.1.d.Part", "Part", "d.1/x.2.3.4.d.Part", "d/§block_0001,4_§"})
    EXPECT_THAT(trouble(v02("p,4,3,2,1", path)), HasSubstr("not that of a part")) << path;
}

TEST(Version, IsTheSameForAllPartsAndForNoOther) {
  const Announcement first = of(v03(of_sr3));
  const auto version = version_of(first, part_of(first).value());
  ASSERT_TRUE(version);
  std::string body = of_sr3;
  body.replace(body.find("\"number\": 1"), 11, "\"number\": 2");
  const Announcement second = of(v03(body));
  EXPECT_EQ(version_of(second, part_of(second).value()), version);
  for (const auto& [from, to] : {std::pair{"221100.25\", \"atime", "221101.25\", \"atime"},
                                 {"\"size\": 2, ", "\"size\": 3, "},
                                 {"7MEFYsdi", "8MEFYsdi"}}) {
    body = of_sr3;
    body.replace(body.find(from), std::string_view{from}.size(), to);
    const Announcement other = of(v03(body));
    EXPECT_NE(version_of(other, part_of(other).value()), version) << to;
  }
  // Of the old format only the time says it.
  Announcement old = of(v02("i,4,3,2,1"));
  EXPECT_TRUE(version_of(old, part_of(old).value()));
  old.mtime.reset();
  EXPECT_FALSE(version_of(old, part_of(old).value()));
}

TEST(Duplicates, TwoPartsOfTheSameBytesAreNone) {
  std::string body = of_sr3;
  body.replace(body.find("\"number\": 1"), 11, "\"number\": 0");
  const Announcement zero = of(v03(body));
  const Announcement one = of(v03(of_sr3));
  ASSERT_EQ(zero.identity, one.identity);
  EXPECT_NE(duplicate_key(zero), duplicate_key(one));
  EXPECT_EQ(duplicate_key(one), duplicate_key(of(v03(of_sr3))));
}

TEST(PostedOn, APartStaysThePartThatItIs) {
  message::Message came = v03(of_sr3);
  came.header["amqp-routing-key"] = "v03.d";
  RepostOptions options{.exchange = "x", .prefixes_of_arrival = {"v03"}};
  EXPECT_EQ(repost_of(came, options).value().message.body, of_sr3) << "byte for byte";
  options.topic_prefix = "v02.post";
  const auto old = repost_of(came, options).value();
  EXPECT_EQ(old.message.header.at("parts"), "i,4,3,2,1");
  EXPECT_FALSE(old.message.header.contains("blocks"));
  EXPECT_EQ(part(old.message).identity(1), part(came).identity(1));
  // And back: what came in the old format.
  options.topic_prefix = "v03";
  const auto again = repost_of(v02("i,4,3,2,1"), options).value();
  EXPECT_EQ(part(again.message).offset(2), 8U);
  EXPECT_EQ(of(again.message).mtime, "20261121T221100.25");
}

TEST(PostedOn, WhatStandsBesideAPartIsKeptInOrder) {
  message::Message came = v02("i,4,3,2,1");
  came.header["zone"] = "7";
  came.header["a"] = "b";
  const Announcement first = of(came);
  EXPECT_EQ(decode_v03(encode_v03(first)).value(), first);
}

TEST(PostedOn, WhatTheOldFormatCannotSayIsRefused) {
  std::string body = of_sr3;
  body.replace(body.find("\"0\": {\"size\": 4"), 14, "\"0\": {\"size\": 3");
  const auto refused = encode(of(v03(body)), Format::v02);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error(), HasSubstr("parts that are not of one size"));
}

}  // namespace
}  // namespace simplevisor::sarra
