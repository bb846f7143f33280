// Lines that are no scenarios are refused with the field that is wrong, and never end the driver.
#include <gmock/gmock.h>

#include <boost/json.hpp>
#include <stdexcept>

#include "tests/conformance/scenario.hpp"

namespace simplevisor::conformance {
namespace {

using testing::HasSubstr;

std::string refusal(const std::string& line) {
  try {
    run_scenario(boost::json::parse(line).as_object());
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "";
}

std::string with_root(const std::string& fields) {
  return R"({"id": "x", "root": {"name": "r", "type": "supervisor")" + fields + "}}";
}

std::string with_child(const std::string& child) {
  return with_root(R"(, "children": [)" + child + "]");
}

std::string with_step(const std::string& step) {
  return R"({"id": "x", "root": {"name": "r", "type": "supervisor", "children": [{"name": "w"}]}, "steps": [)" +
         step + "]}";
}

TEST(RefusedScenario, NamesWhatIsMissing) {
  EXPECT_EQ(refusal("{}"), "root: missing");
  EXPECT_EQ(refusal(R"({"root": 1, "id": "x"})"), "root: not an object");
  EXPECT_EQ(refusal(R"({"root": {"name": "r", "type": "supervisor"}})"), "id: missing");
  EXPECT_EQ(refusal(R"({"id": "x", "root": {}})"), "a node without a name");
  EXPECT_EQ(refusal(with_step("{}")), "op: missing");
  EXPECT_EQ(refusal(with_step(R"({"op": "kill"})")), "node: missing");
  EXPECT_EQ(refusal(with_step(R"({"op": "advance"})")), "ms: missing");
  EXPECT_EQ(refusal(with_step(R"({"op": "batch", "deaths": []})")), "deaths: empty");
  EXPECT_EQ(refusal(with_step(R"({"op": "start_child", "sup": "r"})")), "spec: missing");
}

TEST(RefusedScenario, BoundsItsNumbers) {
  EXPECT_THAT(refusal(with_root(R"(, "intensity": -1)")), HasSubstr("intensity: not a whole number"));
  EXPECT_THAT(refusal(with_root(R"(, "period": 0)")), HasSubstr("period: not a whole number"));
  EXPECT_THAT(refusal(with_root(R"(, "period": 9223372036854775807)")), HasSubstr("period: "));
  EXPECT_THAT(refusal(with_child(R"({"name": "w", "shutdown": -5})")), HasSubstr("shutdown: "));
  EXPECT_THAT(refusal(with_step(R"({"op": "advance", "ms": -5})")), HasSubstr("ms: not a whole number"));
  EXPECT_THAT(refusal(with_step(R"({"op": "advance", "ms": 9223372036854775807})")), HasSubstr("ms: "));
}

TEST(RefusedScenario, TakesNoWordForAnother) {
  EXPECT_EQ(refusal(with_root(R"(, "strategy": "all")")), "unknown word: all");
  EXPECT_EQ(refusal(with_child(R"({"name": "w", "type": "banana"})")), "unknown word: banana");
  EXPECT_EQ(refusal(with_child(R"({"name": "w", "shutdown": "kill"})")), "unknown word: kill");
  EXPECT_EQ(refusal(with_child(R"({"name": "w", "start": "never"})")), "unknown word: never");
  EXPECT_EQ(refusal(with_child(R"({"name": "w", "start": {"x": 1}})")), "fail_attempts: missing");
  EXPECT_EQ(refusal(with_step(R"({"op": "batch", "deaths": [{"node": "w", "how": "x"}]})")),
            "unknown way to die: x");
}

TEST(RefusedScenario, GivesNoNameTwice) {
  EXPECT_THAT(refusal(with_child(R"({"name": "w"}, {"name": "w"})")), HasSubstr("another node has"));
  EXPECT_THAT(refusal(with_child(R"({"name": "r"})")), HasSubstr("another node has"));
  EXPECT_THAT(
      refusal(with_step(R"({"op": "start_child", "sup": "r", "spec": {"name": "w", "type": "supervisor"}})")),
      HasSubstr("another node has"));
  EXPECT_EQ(refusal(with_step(R"({"op": "start_child", "sup": "r", "spec": {"name": "w"}})")), "");
}

TEST(RefusedScenario, EndsInAnyCase) {
  EXPECT_THAT(refusal(with_child(R"({"name": "w", "ignore_stop": true, "shutdown": "infinity"})")),
              HasSubstr("would not end"));
}

}  // namespace
}  // namespace simplevisor::conformance
