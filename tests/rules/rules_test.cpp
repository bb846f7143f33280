#include "workers/rules/rules.hpp"

#include <gmock/gmock.h>

#include <boost/json.hpp>
#include <string_view>

namespace simplevisor::rules {
namespace {

using message::Header;
using message::Message;
using testing::ElementsAre;
using testing::HasSubstr;

World test_world() {
  return {
      .now =
          [] { return std::chrono::system_clock::time_point{std::chrono::milliseconds{1'700'000'000'123}}; },
      .uuid = [] { return std::string{"the-uuid"}; },
      .variable = [](const char* name) { return std::string_view{name} == "SITE" ? "geneva" : nullptr; }};
}

Rules rules_of(std::string_view text) {
  auto rules = Rules::parse(boost::json::parse(text), test_world());
  EXPECT_TRUE(rules) << (rules ? "" : rules.error().front());
  return rules.value_or(Rules{});
}
std::vector<std::string> problems_of(std::string_view text) {
  auto rules = Rules::parse(boost::json::parse(text), test_world());
  return rules ? std::vector<std::string>{} : rules.error();
}

Message applied(std::string_view rules, Message message) {
  const auto verdict = rules_of(rules).apply(message);
  EXPECT_TRUE(verdict) << (verdict ? "" : verdict.error());
  return message;
}

TEST(Rules, AcceptWhenNothingIsSaid) {
  Message message{{{"a", "1"}}, "body", true};
  const Message before = message;
  const auto verdict = rules_of("[]").apply(message);
  ASSERT_TRUE(verdict);
  EXPECT_TRUE(verdict->accepted);
  EXPECT_EQ(verdict->rule, 0U);
  EXPECT_EQ(message, before);
}

TEST(Rules, AreLookedAtInOrderUntilOneDecides) {
  const Rules rules = rules_of(R"([
    {"if": "header.type = 'test'", "then": "reject"},
    {"set": {"seen": "by 2"}},
    {"if": "header.type = 'alarm'", "then": "accept"},
    {"set": {"seen": "by 4"}, "then": "reject"}])");
  Message test{{{"type", "test"}}, "", false};
  EXPECT_FALSE(rules.apply(test)->accepted);
  EXPECT_FALSE(test.header.contains("seen"));
  Message alarm{{{"type", "alarm"}}, "", false};
  const auto verdict = rules.apply(alarm);
  EXPECT_TRUE(verdict->accepted);
  EXPECT_EQ(verdict->rule, 3U);
  EXPECT_EQ(alarm.header["seen"], "by 2");
  Message other;
  EXPECT_FALSE(rules.apply(other)->accepted);
}

TEST(Rules, FillTheirTemplates) {
  const Message message = applied(R"([{"set": {
      "destination": "/queue/${header.site}.${env.SITE}", "id": "${uuid}", "at": "${now}",
      "price": "$$5", "none": "<${header.absent}>", "site": "new", "was": "${header.site}"}}])",
                                  {{{"site", "cern"}}, "", false});
  EXPECT_EQ(message.header, (Header{{"destination", "/queue/cern.geneva"},
                                    {"id", "the-uuid"},
                                    {"at", "2023-11-14T22:13:20.123Z"},
                                    {"price", "$5"},
                                    {"none", "<>"},
                                    {"site", "new"},
                                    {"was", "cern"}}));
}

TEST(Rules, RemoveAndRenameHeaders) {
  const Message message =
      applied(R"([{"rename": {"old": "new", "absent": "nothing"}, "remove": ["timestamp", "x-*", "[*]"]}])",
              {{{"old", "1"}, {"timestamp", "2"}, {"x-a", "3"}, {"x-b", "4"}, {"y", "5"}}, "", false});
  EXPECT_EQ(message.header, (Header{{"new", "1"}, {"y", "5"}}));
}

TEST(Rules, DeclareABodyTextOnlyWhenItIs) {
  EXPECT_TRUE(applied(R"([{"body": {"text": true}}])", {{}, "h\u00e9", false}).text);
  EXPECT_FALSE(applied(R"([{"body": {"text": false}}])", {{}, "x", true}).text);
  Message binary{{{"a", "1"}}, "\xff", false};
  const Message before = binary;
  const auto verdict = rules_of(R"([{"set": {"a": "2"}}, {"body": {"text": true}}])").apply(binary);
  ASSERT_FALSE(verdict);
  EXPECT_THAT(verdict.error(), HasSubstr("rule 2: the body is no text"));
  EXPECT_EQ(binary, before);
}

TEST(Rules, TapCopiesAsTheyAreAtThatPoint) {
  Message message{{}, "body", true};
  const auto verdict =
      rules_of(R"([{"copy-to": "/q/1"}, {"set": {"a": "1"}, "copy_to": "/q/2"}, {"then": "reject"}])")
          .apply(message);
  ASSERT_TRUE(verdict);
  EXPECT_FALSE(verdict->accepted);
  ASSERT_EQ(verdict->copies.size(), 2U);
  EXPECT_EQ(verdict->copies[0].queue, "/q/1");
  EXPECT_EQ(verdict->copies[0].message, (Message{{}, "body", true}));
  EXPECT_EQ(verdict->copies[1].message, (Message{{{"a", "1"}}, "body", true}));
}

TEST(Rules, SayAllThatIsWrong) {
  EXPECT_THAT(
      problems_of(R"([
      {"if": "texr", "then": "maybe"},
      {"iff": "text"},
      {"set": {"a": "${env.ABSENT}"}, "remove": [1], "rename": {"a": 1}, "body": {"text": 1}, "copy-to": ""},
      7,
      {"set": {"a": "$x"}}, {"set": {"a": "${header.}"}}])"),
      ElementsAre(HasSubstr("rule 1: if: column 1: \"texr\" is no test"), HasSubstr("rule 1: then: must be"),
                  HasSubstr("rule 2: iff: unknown"), HasSubstr("rule 3: set: a: ${env.ABSENT}"),
                  HasSubstr("rule 3: remove: must be"), HasSubstr("rule 3: rename: must be"),
                  HasSubstr("rule 3: body: must be"), HasSubstr("rule 3: copy-to: must be"),
                  HasSubstr("rule 4: must be a table"), HasSubstr("rule 5: set: a: \"$\" begins"),
                  HasSubstr("rule 6: set: a: ${header.}")));
  EXPECT_THAT(problems_of("{}"), ElementsAre(HasSubstr("must be a list")));
}

TEST(Rules, BoundWhatTheyMake) {
  std::string rules = "[";
  for (int i = 0; i < 20; ++i) rules += R"({"set": {"a": "${header.a}${header.a}"}},)";
  rules.back() = ']';
  Message message{{{"a", "xx"}}, "", false};
  const auto verdict = rules_of(rules).apply(message);
  ASSERT_FALSE(verdict);
  EXPECT_THAT(verdict.error(), HasSubstr("header a would have"));
  EXPECT_EQ(message.header["a"], "xx");
}

}  // namespace
}  // namespace simplevisor::rules
