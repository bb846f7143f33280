// What becomes of an announcement that is posted on: key, exchange, format, and what stays as it was.
#include <gmock/gmock.h>

#include "workers/sarra/destinations.hpp"
#include "workers/sarra/repost.hpp"

namespace simplevisor::sarra {
namespace {

using testing::HasSubstr;
using testing::Pair;
using testing::UnorderedElementsAre;

message::Message stored(const std::string& path, const std::string& more = "", const std::string& key = "") {
  message::Message made{
      {{"content-type", "application/json"}, {"amqp-exchange", "xpublic"}},
      R"({"pubTime":"20261121T115950", "baseUrl":"http://h/","relPath":")" + path + '"' + more + "} ",
      true};
  if (!key.empty()) made.header["amqp-routing-key"] = key;
  return made;
}

Announcement announcement_in(const std::string& more) {
  return decode_v03(stored("a/b", more).body).value();
}

const RepostOptions plain{.exchange = "xs_me"};
const RepostOptions subscribed{.exchange = "xs_me", .prefixes_of_arrival = {"v03", "v02.post"}};

TEST(Repost, KeepsTheBodyByteForByteAndComputesTheKeyAgain) {
  const auto original = stored("a b/c#/f", R"(,"n":1.0e5, "size" : "7","x":{"y":[1.10, null]})", "v03.wrong");
  const auto made = repost_of(original, plain);
  ASSERT_TRUE(made) << made.error();
  EXPECT_EQ(made->message.body, original.body);
  EXPECT_EQ(made->exchange, "xs_me");
  EXPECT_EQ(made->routing_key, "v03.a b.c%23");
  EXPECT_THAT(made->message.header,
              UnorderedElementsAre(Pair("content-type", "application/json"),
                                   Pair("content-encoding", "utf-8"), Pair("persistent", "true")))
      << "nothing of the way it came by";
}

TEST(Repost, UsesTheTopicThatAnAnnouncementNames) {
  const auto original = stored("a/f", R"(,"topic":"v03.else.w#re")", "v03.a");
  EXPECT_EQ(repost_of(original, plain)->routing_key, "v03.else.w%23re");
  EXPECT_EQ(repost_of(original, subscribed)->message.body, original.body);
  EXPECT_EQ(
      repost_of(stored("a/f", R"(,"topic":")" + std::string(300, 'x') + '"'), plain)->routing_key.size(),
      topic_bytes_max);
  EXPECT_EQ(repost_of(stored("a/f", R"(,"topic":"")"), plain)->routing_key, "v03.a");
}

TEST(Repost, AKeyThatIsNotThePathsIsKeptAsTopic) {
  const auto made = repost_of(stored("a/f", "", R"(v03.el"se)"), subscribed);
  ASSERT_TRUE(made);
  EXPECT_EQ(made->routing_key, R"(v03.el"se)");
  EXPECT_EQ(made->message.body,
            R"({"pubTime":"20261121T115950", "baseUrl":"http://h/","relPath":"a/f","topic":"v03.el\"se"} )");
  EXPECT_EQ(decode_v03(made->message.body)->topic, R"(v03.el"se)");
  for (const char* key : {"v03.a", "v02.post.a"}) {
    const auto usual = stored("a/f", "", key);
    EXPECT_EQ(repost_of(usual, subscribed)->message.body, usual.body);
    EXPECT_EQ(repost_of(usual, subscribed)->routing_key, "v03.a");
  }
  const auto theirs = stored("a/f", R"(,"topic":["not","ours"])", "v03.else");
  EXPECT_EQ(repost_of(theirs, subscribed)->message.body, theirs.body);
}

TEST(Repost, GoesOnInTheFormatThatThePrefixSays) {
  const RepostOptions old{.exchange = "x", .topic_prefix = "v02.post"};
  const auto as_v02 = repost_of(stored("a b/f", R"(,"size":7,"mine":"t")"), old);
  ASSERT_TRUE(as_v02) << as_v02.error();
  EXPECT_EQ(as_v02->message.header.at("content-type"), "text/plain");
  EXPECT_EQ(as_v02->message.body, "20261121115950 http://h/ a%20b/f");
  EXPECT_EQ(as_v02->message.header.at("parts"), "1,7,1,0,0");
  EXPECT_EQ(as_v02->message.header.at("mine"), "t");
  EXPECT_EQ(as_v02->routing_key, "v02.post.a b");
  message::Message came = as_v02->message;
  came.header["amqp-routing-key"] = as_v02->routing_key;
  const auto back = repost_of(came, subscribed);
  ASSERT_TRUE(back);
  EXPECT_EQ(back->routing_key, "v03.a b");
  EXPECT_EQ(decode_v03(back->message.body)->size, 7U);
  EXPECT_THAT(repost_of(stored("f", R"(,"x":")" + std::string(300, 'x') + '"'), old).error(),
              HasSubstr("longer than"));
}

TEST(Repost, WhatIsNoAnnouncementIsSaidToBeNone) {
  EXPECT_THAT(repost_of({{}, "{\"pubTime\":", true}, plain).error(), HasSubstr("v03: not JSON"));
  EXPECT_THAT(repost_of({{{"content-type", "application/json"}}, "{}", true}, plain).error(),
              HasSubstr("without pubTime"));
}

TEST(Split, SumsTheBytesOfTheIdentity) {
  const auto of = [](const std::string& more, std::size_t n) {
    return split_index(announcement_in(more), n);
  };
  EXPECT_EQ(of(R"(,"identity":{"method":"md5","value":"ab"})", 10), ('a' + 'b') % 10U);
  EXPECT_EQ(of(R"(,"identity":{"method":"md5","value":"\u00e9"})", 100), (0xC3U + 0xA9U) % 100U);
  EXPECT_EQ(of(R"(,"identity":"cod,ab")", 10), ('a' + 'b') % 10U);
  EXPECT_EQ(of(R"(,"fileOp":{"link":"ab"})", 10), ('a' + 'b') % 10U) << "what it is known by";
}

TEST(Split, MayBeSaidByTheAnnouncement) {
  const auto of = [](const std::string& said) {
    return split_index(
        announcement_in(R"(,"identity":{"method":"md5","value":"a"},"exchangeSplitOverride":)" + said), 4);
  };
  EXPECT_EQ(of("7"), 3U);
  EXPECT_EQ(of("-1"), 3U) << "as Python counts";
  EXPECT_EQ(of("\"6\""), 2U);
  EXPECT_EQ(of("\"x\""), 'a' % 4U);
  EXPECT_EQ(of("1.5"), 'a' % 4U);
}

TEST(Split, IsPartOfTheExchangesName) {
  RepostOptions options{.exchange = "xs_me", .split = 4};
  const auto same = stored("a/f", R"(,"exchangeSplitOverride":7)");
  EXPECT_EQ(repost_of(same, options)->exchange, "xs_me03");
  EXPECT_EQ(repost_of(same, options)->message.body, same.body);
  options.split = 1;
  EXPECT_EQ(repost_of(same, options)->exchange, "xs_me");
}

TEST(Destinations, OfAPostSurviveWhateverIsInNameAndKey) {
  EXPECT_EQ(destination_of_post("x/y", "v03.a b", false), "/exchange/x%2Fy/v03.a%20b");
  EXPECT_EQ(destination_of_post("x", "k", true),
            "exchange=name%3Dx%2Ctype%3Dtopic%2Cdurable%3Dtrue%2Cdeclare%3Dtrue,routing_key=k");
}

}  // namespace
}  // namespace simplevisor::sarra
