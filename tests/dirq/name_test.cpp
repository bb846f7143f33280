// tests/dirq/name_test.cpp
#include "workers/dirq/name.hpp"

#include <gtest/gtest.h>

namespace simplevisor::dirq {
namespace {

TEST(ElementName, IsReadAndPrintedInItsTwentyThreeByteForm) {
  const auto name = ElementName::parse("4f53a1c0/4f53a1e5b07d2f");
  ASSERT_TRUE(name);
  EXPECT_EQ(name->directory, 0x4f53a1c0U);
  EXPECT_EQ(name->element, 0x4f53a1e5b07d2fU);
  EXPECT_EQ(name->str(), "4f53a1c0/4f53a1e5b07d2f");
}

TEST(ElementName, RefusesEverythingElse) {
  for (const std::string_view text :
       {"", "4f53a1c0", "4f53a1c0/", "4f53a1c0/4f53a1e5b07d2", "4f53a1c0/4f53a1e5b07d2f0",
        "4F53A1C0/4f53a1e5b07d2f", "4f53a1c0/4F53a1e5b07d2f", "4f53a1c0-4f53a1e5b07d2f",
        "../../../../etc/passwd1", "4f53a1c0/4f53a1e5b07.lck", "4f53a1c0/4f53a1e5b07d2g",
        " f53a1c0/4f53a1e5b07d2f", "4f53a1c0/4f53a1e5b07d2\n", "+f53a1c0/0x53a1e5b07d2f"}) {
    EXPECT_FALSE(ElementName::parse(text)) << text;
  }
  EXPECT_FALSE(ElementName::parse(std::string_view("4f53a1c0/4f53a1e5b07d2\0", 23)));
}

TEST(ElementName, OrdersAsItsTextDoes) {
  const auto early = *ElementName::parse("00000000/ffffffffffffff");
  const auto late = *ElementName::parse("00000001/00000000000000");
  EXPECT_LT(early, late);
  EXPECT_LT(early.str(), late.str());
}

TEST(ElementName, CarriesSecondsMicrosecondsAndOneDigit) {
  const ElementName name{0, element_at(1'700'000'000, 999'999, 15)};
  EXPECT_EQ(name.str(), "00000000/6553f100f423ff");
  EXPECT_EQ(std::chrono::duration_cast<std::chrono::microseconds>(name.time().time_since_epoch()).count(),
            1'700'000'000'999'999);
}

TEST(ElementName, WrapsAfterThirtyTwoBitsOfSecondsAndStaysAnElement) {
  const std::int64_t after_2106 = std::int64_t{0x1'0000'0005};
  const ElementName name{directory_at(after_2106, 0), element_at(after_2106, 1, 0)};
  EXPECT_EQ(name.str(), "00000005/00000005000010");
}

TEST(ElementName, DirectoriesAreRoundedDownToTheGranularity) {
  EXPECT_EQ(directory_at(1'700'000'059, 60), 1'700'000'040U);
  EXPECT_EQ(directory_at(1'700'000'059, 1), 1'700'000'059U);
  EXPECT_EQ(directory_at(1'700'000'059, 0), 1'700'000'059U);
}

TEST(ElementName, SuffixesFitIntoItsText) {
  EXPECT_STREQ(element_text(0x2a, ".lck").data(), "0000000000002a.lck");
  EXPECT_STREQ(element_text(0x2a).data(), "0000000000002a");
}

}  // namespace
}  // namespace simplevisor::dirq
