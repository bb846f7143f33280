#include "workers/queue/normal_messages.hpp"

#include <gmock/gmock.h>

namespace simplevisor::queue {
namespace {

TEST(NormalMessages, ComeBackAsTheyWereEvenWithEmptyBodies) {
  for (const bool text : {false, true}) {
    for (const char* body : {"", "a body"}) {
      const message::Message message{{{"destination", "/queue/a"}, {"k\tey", "v\nal"}}, body, text};
      const dirq::Element element = element_of(message);
      EXPECT_TRUE(message_schema().files_of(element));
      EXPECT_EQ(element.size(), 2U);
      EXPECT_EQ(message_of(element), message);
    }
  }
}

TEST(NormalMessages, WithoutABodyAreEmptyAndBinary) {
  EXPECT_EQ(message_of({{"header", dirq::Table{{"a", "b"}}}}), (message::Message{{{"a", "b"}}, "", false}));
}

TEST(NormalMessages, WithBothBodiesAreText) {
  EXPECT_EQ(message_of({{"header", dirq::Table{}}, {"text", "t"}, {"binary", "b"}}),
            (message::Message{{}, "t", true}));
}

TEST(NormalMessages, ThatAreNoTextAreRefusedByTheSchema) {
  for (const message::Message& message : {message::Message{{}, "\xff", true}, {{{"k", "\xff"}}, "", false}}) {
    const auto refused = message_schema().files_of(element_of(message));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, dirq::Errc::malformed);
  }
}

}  // namespace
}  // namespace simplevisor::queue
