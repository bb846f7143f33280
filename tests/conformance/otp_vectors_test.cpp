// Every scenario recorded with the real Erlang/OTP supervisor, event by event.
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <string>

#include "tests/conformance/scenario.hpp"

namespace simplevisor::conformance {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

std::set<fs::path> recorded() {
  std::set<fs::path> files;
  for (const auto& entry : fs::directory_iterator(SIMPLEVISOR_VECTORS "/otp")) files.insert(entry.path());
  return files;
}

// What a scenario says shall be compared; what only tells people something is left out.
json::object relevant(const json::object& snapshot, const std::set<std::string>& compare) {
  json::object kept;
  for (const auto& [key, value] : snapshot) {
    if (compare.contains(std::string(key))) kept[key] = value;
  }
  return kept;
}

void expect_same(const json::value& expected, const json::value& actual, const std::set<std::string>& compare,
                 const std::string& where) {
  ASSERT_EQ(expected.is_null(), actual.is_null()) << where;
  if (expected.is_null()) return;
  EXPECT_EQ(json::value(relevant(expected.as_object(), compare)),
            json::value(relevant(actual.as_object(), compare)))
      << where;
}

class OtpVectors : public testing::TestWithParam<fs::path> {};

TEST_P(OtpVectors, HappenHereAsTheyDidThere) {
  std::ifstream file(GetParam());
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  const auto vector = json::parse(text).as_object();
  const auto& scenario = vector.at("scenario").as_object();
  const auto& expected = vector.at("expected").as_object();
  std::set<std::string> compare{"result", "root", "nodes", "events"};
  if (const auto* only = scenario.if_contains("compare")) {
    compare.clear();
    for (const auto& key : only->as_array()) compare.emplace(key.as_string());
  }

  const auto actual = run_scenario(scenario);

  expect_same(expected.at("start"), actual.at("start"), compare, "start");
  const auto& steps = expected.at("steps").as_array();
  ASSERT_EQ(steps.size(), actual.at("steps").as_array().size());
  for (std::size_t n = 0; n < steps.size(); ++n) {
    expect_same(steps[n], actual.at("steps").as_array()[n], compare, "step " + std::to_string(n));
  }
  expect_same(expected.at("final"), actual.at("final"), compare, "final");
}

std::string test_name(const testing::TestParamInfo<fs::path>& vector) {
  std::string name = "V" + vector.param.stem().string();
  for (char& c : name) {
    if (!std::isalnum(static_cast<unsigned char>(c))) c = '_';
  }
  return name;
}

INSTANTIATE_TEST_SUITE_P(Recorded, OtpVectors, testing::ValuesIn(recorded()), test_name);

TEST(RecordedVectors, AreAllThere) {
  EXPECT_EQ(recorded().size(), 76u);
}

}  // namespace
}  // namespace simplevisor::conformance
