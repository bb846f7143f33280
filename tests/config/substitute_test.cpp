// tests/config/substitute_test.cpp
#include "supervisor/config/substitute.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace simplevisor::config {
namespace {

using testing::HasSubstr;

constexpr Known known{"send-a", "root/broker-a/send-a", "/var/lib/x", "/opt/bin"};

std::string both(std::string_view text, std::optional<unsigned> instance = {}, std::string_view with = {}) {
  const auto made = substitute(text, known);
  return made ? expand(made->text, instance, with) : "error: " + made.error().message;
}

TEST(Substitution, PutsInWhatIsKnownAtLoad) {
  EXPECT_EQ(both("{name} at {path} in {state_dir} by {bin_dir}"),
            "send-a at root/broker-a/send-a in /var/lib/x by /opt/bin");
  EXPECT_EQ(both("plain"), "plain");
  EXPECT_EQ(both(""), "");
}

TEST(Substitution, LeavesForTheStartWhatOnlyItKnows) {
  const auto made = substitute("{name}-{instance}", known);
  ASSERT_TRUE(made);
  EXPECT_EQ(made->text, "send-a-{instance}");
  EXPECT_TRUE(made->instance);
  EXPECT_FALSE(made->with);
  EXPECT_EQ(both("{instance}:{with}", 7, "/run/with.json"), "7:/run/with.json");
}

TEST(Substitution, NumbersAWorkerThatIsNoInstanceZero) {
  EXPECT_EQ(both("{instance}"), "0");
}

TEST(Substitution, TakesDoubledBracesAsOne) {
  EXPECT_EQ(both("{{name}} {{{name}}} }}{{"), "{name} {send-a} }{");
}

TEST(Substitution, NeverReadsBracesInASubstitutedValue) {
  const Known odd{"x", "{name}", "/tmp/{with}", "/a}b"};
  const auto made = substitute("{path} {state_dir} {bin_dir}", odd);
  ASSERT_TRUE(made);
  EXPECT_FALSE(made->with);
  EXPECT_EQ(expand(made->text, 1, "/secret"), "{name} /tmp/{with} /a}b");
  EXPECT_EQ(substitute_wholly("{path}/{{x}}", odd), "{name}/{x}");
}

TEST(Substitution, RefusesWhatItDoesNotKnowAndSuggestsWhatWasMeant) {
  const auto made = substitute("a {nmae} b", known);
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().message,
            "unknown substitution {nmae}; braces that stand for themselves are doubled: {{nmae}}");
  EXPECT_EQ(made.error().nearest, "{name}");
  EXPECT_EQ(substitute("{PWD_OF_SHELL}", known).error().nearest, "");
  EXPECT_FALSE(substitute("{}", known));
  EXPECT_FALSE(substitute("{ name }", known));
}

TEST(Substitution, RefusesSingleBraces) {
  for (const std::string_view text : {"{", "a{", "{name", "{na{me}", "{name{{"}) {
    ASSERT_FALSE(substitute(text, known)) << text;
    EXPECT_THAT(substitute(text, known).error().message, HasSubstr("\"{\" without its \"}\"")) << text;
  }
  for (const std::string_view text : {"}", "a}b", "{name}}", "}{name}"}) {
    ASSERT_FALSE(substitute(text, known)) << text;
    EXPECT_THAT(substitute(text, known).error().message, HasSubstr("\"}\" without its \"{\"")) << text;
  }
}

TEST(Substitution, InPathsKnowsNothingOfTheStart) {
  EXPECT_EQ(substitute_wholly("{state_dir}/log", known), "/var/lib/x/log");
  EXPECT_FALSE(substitute_wholly("{instance}", known));
  EXPECT_FALSE(substitute_wholly("{with}", known));
}

}  // namespace
}  // namespace simplevisor::config
