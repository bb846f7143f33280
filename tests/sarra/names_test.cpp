// Names that our agents and sr3's agree on.
#include <gmock/gmock.h>

#include "workers/sarra/names.hpp"

namespace simplevisor::sarra {
namespace {

TEST(Names, OfExchangesAndQueues) {
  EXPECT_EQ(exchange_of("anonymous"), "xpublic");
  EXPECT_EQ(exchange_of("alice"), "xs_alice");
  EXPECT_EQ(exchange_of("alice", "out"), "xs_alice_out");
  EXPECT_EQ(queue_name("alice", "subscribe", "swob", "x"), "q_alice.subscribe.swob.x");
}

TEST(Topics, FollowTheDirectoriesOfThePath) {
  EXPECT_EQ(topic_of("v03", "top.txt"), "v03");
  EXPECT_EQ(topic_of("v03", "observations/swob/"), "v03.observations.swob");
  EXPECT_EQ(topic_of("v03", "/a//b/c"), "v03.a.b");
  EXPECT_EQ(topic_of("v03", "v1.2/we ird#x/st*r/c d.txt"), "v03.v1.2.we ird%23x.st%22r");
  EXPECT_EQ(topic_of("", "a/b"), "a");
}

TEST(Topics, AreCutBetweenTwoCharacters) {
  const std::string long_name(253, 'x');
  EXPECT_EQ(topic_of("v", long_name + "é/f").size(), 255U);
  EXPECT_EQ(topic_of("vv", long_name + "é/f"), "vv." + std::string(252, 'x')) << "x takes the last byte";
  EXPECT_EQ(topic_of("v", std::string(252, 'x') + "éé/f"), "v." + std::string(252, 'x'))
      << "half of an é is no character";
}

TEST(Bindings, AreWrittenWithDotsOrSlashes) {
  EXPECT_EQ(binding_key("v03", "observations/#"), "v03.observations.#");
  EXPECT_EQ(binding_key("v03", "observations.*.x"), "v03.observations.*.x");
  EXPECT_EQ(binding_key("v02.post", ""), "v02.post.#");
  EXPECT_EQ(binding_key("", "a"), "a");
}

TEST(Words, AreEscapedAndBack) {
  EXPECT_EQ(escaped_word("a#b*c d"), "a%23b%22c d");
  EXPECT_EQ(unescaped_word("a%23b%22c%20"), "a#b*c%20");
}

}  // namespace
}  // namespace simplevisor::sarra
