#include "supervisor/control/text.hpp"

#include <gtest/gtest.h>

namespace simplevisor::control {
namespace {

TEST(Utf8, AcceptsWellFormedAndRefusesMalformedText) {
  struct Case {
    std::string_view text;
    bool good;
  };
  const Case cases[] = {
      {"", true},
      {"plain", true},
      {"\xC3\xA9", true},
      {"\xE2\x82\xAC", true},
      {"\xF0\x9F\x98\x80", true},
      {"\xF4\x8F\xBF\xBF", true},
      {"\x80", false},  // a continuation without a start
      {"\xC3", false},  // cut short
      {"\xE2\x82", false},
      {"\xC0\xAF", false},  // overlong
      {"\xE0\x80\xAF", false},
      {"\xF0\x80\x80\xAF", false},
      {"\xED\xA0\x80", false},      // a surrogate
      {"\xF4\x90\x80\x80", false},  // above U+10FFFF
      {"\xFF", false},
      {"\xC3\x28", false},
  };
  for (const Case& c : cases) EXPECT_EQ(is_utf8(c.text), c.good) << ::testing::PrintToString(c.text);
}

TEST(Utf8, ReplacesEachBadByte) {
  EXPECT_EQ(clean_utf8("a\xFF\xC3z"), "a\xEF\xBF\xBD\xEF\xBF\xBDz");
  EXPECT_EQ(clean_utf8("\xC3\xA9"), "\xC3\xA9");
}

TEST(Percent, RoundTripsAnyBytes) {
  std::string all;
  for (int c = 0; c < 256; ++c) all += static_cast<char>(c);
  EXPECT_EQ(percent_decoded(percent_encoded(all)), all);
  EXPECT_EQ(percent_encoded("root/a b*"), "root/a%20b%2A");
}

TEST(Percent, RefusesWhatIsNotTwoDigits) {
  for (const auto* text : {"%", "%4", "a%", "%4x", "%zz", "%%41"})
    EXPECT_FALSE(percent_decoded(text)) << text;
  EXPECT_EQ(percent_decoded("%41%6a"), "Aj");
}

}  // namespace
}  // namespace simplevisor::control
