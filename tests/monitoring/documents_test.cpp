// Rules, dashboard and page name metrics that there are; Prometheus' own tool finds nothing wrong with any of it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <regex>

#include "tests/monitoring/watched_host.hpp"

namespace simplevisor::integration {
namespace {

namespace fs = std::filesystem;
using testing::Contains;
using testing::IsEmpty;
using testing::StartsWith;

std::string document(const std::string& name) {
  std::ifstream file(SIMPLEVISOR_SOURCE "/docs/monitoring/" + name);
  return {std::istreambuf_iterator<char>(file), {}};
}

// Words of a query that look like metrics of ours, and names of recording rules.
std::set<std::string> metrics_in(const std::string& query) {
  static const std::regex name("\\b(?:simplevisor_|node:|instance:)[a-z0-9_:]+");
  std::set<std::string> names;
  for (std::sregex_iterator found(query.begin(), query.end(), name), end; found != end; ++found)
    names.insert(found->str());
  return names;
}

class Documents : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    watched = new WatchedHost;
    watched->up();
    const std::string file = watched->host.dir() + "/simplevisor.prom";
    ASSERT_EQ(watched->host.cli({"metrics", "--textfile", file}).exit_code, 0);
    text = watched->host.read("simplevisor.prom");
    names = sample_names(text);
  }
  static void TearDownTestSuite() {
    delete watched;
    watched = nullptr;
  }
  static inline WatchedHost* watched = nullptr;
  static inline std::string text;
  static inline std::set<std::string> names;
};

TEST_F(Documents, PromtoolFindsNothingWrongWithTheTextfile) {
  const Outcome checked = run(
      {"/bin/sh", "-c", "exec promtool check metrics <\"$0\"", watched->host.dir() + "/simplevisor.prom"});
  EXPECT_EQ(checked.exit_code, 0) << checked.out << checked.err;
}

TEST_F(Documents, BothFormatsHaveTheSameMetrics) {
  std::set<std::string> openmetrics = sample_names(watched->host.cli({"metrics"}).out);
  openmetrics.insert("simplevisor_reachable");
  EXPECT_EQ(openmetrics, names);
}

TEST_F(Documents, PromtoolTakesTheRulesAndTheirTests) {
  const std::string dir = SIMPLEVISOR_SOURCE "/docs/monitoring/";
  for (const auto& words : {std::vector<std::string>{"promtool", "check", "rules", dir + "rules.yaml"},
                            std::vector<std::string>{"promtool", "test", "rules", dir + "rules_test.yaml"}}) {
    const Outcome outcome = run(words);
    EXPECT_EQ(outcome.exit_code, 0) << outcome.out << outcome.err;
  }
}

TEST_F(Documents, EveryRuleAsksForMetricsThatThereAreAndIsPlayed) {
  const std::string rules = document("rules.yaml");
  const std::string played = document("rules_test.yaml");
  std::set<std::string> asked = metrics_in(std::regex_replace(rules, std::regex("record: .*"), ""));
  EXPECT_GT(asked.size(), 10u);
  for (const std::string& name : asked) EXPECT_THAT(names, Contains(name));
  static const std::regex rule("- (?:alert|record): (\\S+)");
  std::size_t count = 0;
  for (std::sregex_iterator found(rules.begin(), rules.end(), rule), end; found != end; ++found, ++count)
    EXPECT_TRUE(played.contains((*found)[1].str())) << (*found)[1].str();
  EXPECT_GT(count, 10u);
}

TEST_F(Documents, EveryPanelAsksForMetricsThatThereAre) {
  const auto dashboard = boost::json::parse(document("dashboard.json"));
  std::size_t queries = 0;
  for (const auto& panel : dashboard.at("panels").as_array()) {
    if (panel.at("type") == "row") continue;
    EXPECT_EQ(panel.at("datasource").at("uid"), "${datasource}");
    for (const auto& target : panel.at("targets").as_array()) {
      const std::string query(target.at("expr").as_string());
      EXPECT_EQ(target.at("datasource").at("uid"), "${datasource}");
      EXPECT_FALSE(metrics_in(query).empty()) << query;
      for (const std::string& name : metrics_in(query)) EXPECT_THAT(names, Contains(name)) << query;
      ++queries;
    }
  }
  EXPECT_GT(queries, 20u);
  std::size_t sources = 0;
  for (const auto& variable : dashboard.at("templating").at("list").as_array())
    sources += variable.at("type") == "datasource" ? 1 : 0;
  EXPECT_EQ(sources, 1u);
}

TEST_F(Documents, ThePageTellsOfEveryMetric) {
  const std::string page = document("README.md");
  for (std::string name : names) {
    name = std::regex_replace(name, std::regex("_(bucket|sum|count)$"), "");
    if (name.starts_with("simplevisor_process_")) name = "simplevisor_process_...";
    EXPECT_TRUE(page.contains(name)) << name;
  }
}

}  // namespace
}  // namespace simplevisor::integration
