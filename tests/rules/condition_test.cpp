#include "workers/rules/condition.hpp"

#include <gmock/gmock.h>

#include "workers/message/message.hpp"

namespace simplevisor::rules {
namespace {

using message::Message;
using testing::HasSubstr;

bool holds(const std::string& text, const Message& message) {
  const auto condition = parse_condition(text);
  EXPECT_TRUE(condition) << text << ": " << (condition ? "" : condition.error());
  return condition && (*condition)(message);
}

std::string fault_of(const std::string& text) {
  const auto condition = parse_condition(text);
  return condition ? "none" : condition.error();
}

const Message alarm{{{"type", "alarm"}, {"priority", "7"}, {"x y", "z"}, {"note", "a\"b\\c"}, {"empty", ""}},
                    "line one\nDisk full on node12\n",
                    true};

TEST(Condition, LooksAtHeaders) {
  for (const char* yes : {
           R"(header.type)",
           R"(header.type exists)",
           R"(header."x y" exists)",
           R"(header.type = "alarm")",
           R"(header.type = 'alarm')",
           R"(header.type != "test")",
           R"(header.type ~ "^al")",
           R"(header.type ~ "larm")",
           R"(header.type !~ "^larm")",
           R"(header.priority > 6)",
           R"(header.priority >= 7)",
           R"(header.priority < 7.5)",
           R"(header.priority <= 7)",
           R"(header.note = "a\"b\\c")",
           R"(header.note ~ '\\')",
           R"(header.empty = "")",
           R"(header.priority > -1)",
       })
    EXPECT_TRUE(holds(yes, alarm)) << yes;
  for (const char* no : {
           R"(header.absent)",
           R"(header.absent = "")",
           R"(header.absent != "x")",
           R"(header.absent !~ "x")",
           R"(header.type = "Alarm")",
           R"(header.type > 1)",
           R"(header.priority > 7)",
           R"(header.empty < 1)",
       })
    EXPECT_FALSE(holds(no, alarm)) << no;
}

TEST(Condition, LooksAtTheRest) {
  EXPECT_TRUE(holds(R"(body ~ "node\\d+")", alarm));
  EXPECT_TRUE(holds(R"(body !~ 'node\d+x')", alarm));
  EXPECT_TRUE(holds("size < 1KiB and size >= 29 and size = 29 and not size > 29 and size != 28", alarm));
  EXPECT_TRUE(holds("text", alarm));
  EXPECT_FALSE(holds("redelivered", alarm));
  EXPECT_TRUE(holds("redelivered", Message{{{"redelivered", "true"}}, "", false}));
  EXPECT_FALSE(holds("text", Message{}));
}

TEST(Condition, BindsNotBeforeAndBeforeOr) {
  EXPECT_TRUE(holds("text or header.absent and header.absent", alarm));
  EXPECT_FALSE(holds("(text or header.absent) and header.absent", alarm));
  EXPECT_TRUE(holds("not header.absent and text", alarm));
  EXPECT_FALSE(holds("not (text and not header.absent)", alarm));
  EXPECT_TRUE(holds("not not text", alarm));
  EXPECT_TRUE(holds("  text\n\tand\n text  ", alarm));
}

TEST(Condition, SaysWhereItIsWrong) {
  EXPECT_THAT(fault_of(""), HasSubstr("column 1: a test is missing"));
  EXPECT_THAT(fault_of("text and"), HasSubstr("column 9: a test is missing"));
  EXPECT_THAT(fault_of("text txt"), HasSubstr("column 6: \"txt\" is too much"));
  EXPECT_THAT(fault_of("bdy ~ 'x'"), HasSubstr("column 1: \"bdy\" is no test"));
  EXPECT_THAT(fault_of("(text"), HasSubstr("\")\" is missing"));
  EXPECT_THAT(fault_of("header. = 'x'"), HasSubstr("in quotes"));
  EXPECT_THAT(fault_of(R"(header."" = 'x')"), HasSubstr("name of a header"));
  EXPECT_THAT(fault_of("header.a = x"), HasSubstr("a text in quotes is missing"));
  EXPECT_THAT(fault_of("header.a = 'x"), HasSubstr("has no end"));
  EXPECT_THAT(fault_of(R"(header.a = "\q")"), HasSubstr("backslash"));
  EXPECT_THAT(fault_of("header.a < 'x'"), HasSubstr("a number is missing"));
  EXPECT_THAT(fault_of("header.a <"), HasSubstr("a number is missing"));
  EXPECT_THAT(fault_of("header.a ~ '('"), HasSubstr("missing )"));
  EXPECT_THAT(fault_of("body = 'x'"), HasSubstr("with ~ or !~ only"));
  EXPECT_THAT(fault_of("size ~ 5"), HasSubstr("size is compared"));
  EXPECT_THAT(fault_of("size < many"), HasSubstr("a size such as"));
}

TEST(Condition, IsBounded) {
  EXPECT_THAT(fault_of(std::string(100, '(') + "text"), HasSubstr("nested too deeply"));
  std::string nots;
  for (int i = 0; i < 100; ++i) nots += "not ";
  EXPECT_THAT(fault_of(nots + "text"), HasSubstr("nested too deeply"));
  EXPECT_THAT(fault_of(std::string(70'000, ' ') + "text"), HasSubstr("longer than"));
  std::string many = "header.absent";
  for (int i = 0; i < 5'000; ++i) many += " or text";
  EXPECT_TRUE(holds(many, alarm));
}

// Backtracking would take longer than anybody lives.
TEST(Condition, TakesLinearTimeOverHostileBodies) {
  EXPECT_FALSE(holds(R"(body ~ '^(a+)+$')", Message{{}, std::string(100'000, 'a') + "b", true}));
}

}  // namespace
}  // namespace simplevisor::rules
