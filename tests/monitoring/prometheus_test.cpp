// A real Prometheus scrapes a real supervisor, evaluates the rules, and answers what the dashboard asks.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <regex>

#include "supervisor/control/text.hpp"
#include "tests/brokers/kept_process.hpp"
#include "tests/brokers/port.hpp"
#include "tests/monitoring/relay.hpp"
#include "tests/monitoring/watched_host.hpp"

namespace simplevisor::integration {
namespace {

namespace json = boost::json;

json::value parsed(const std::string& text) {
  boost::system::error_code error;
  json::value value = json::parse(text, error);
  return error ? json::value{} : value;
}

class Prometheus : public testing::Test {
 protected:
  void SetUp() override {
    watched.up();
    relay.emplace(scraped.number(), watched.host.dir() + "/state/control.sock");
    const std::string dir = watched.host.dir();
    std::ofstream(dir + "/prometheus.yaml")
        << "global: {scrape_interval: 1s, evaluation_interval: 1s}\nrule_files: ['" SIMPLEVISOR_SOURCE
           "/docs/monitoring/rules.yaml']\nscrape_configs:\n  - job_name: simplevisor\n    static_configs: "
           "[{targets: ['127.0.0.1:"
        << scraped.number() << "']}]\n";
    server.emplace(test::Command{"prometheus", "--config.file=" + dir + "/prometheus.yaml",
                                 "--storage.tsdb.path=" + dir + "/prometheus",
                                 "--web.listen-address=127.0.0.1:" + std::to_string(port.number())},
                   test::Environment{}, dir + "/prometheus.log");
  }
  json::value ask(const std::string& target) const { return parsed(test::http_get(port.number(), target)); }
  json::value query(const std::string& expression) const {
    std::string encoded = control::percent_encoded(expression);
    return ask("/api/v1/query?query=" + encoded);
  }
  // Whether the first sample has this value.
  bool is(const std::string& expression, const std::string& value) const {
    const json::value answer = query(expression);
    const auto* const object = answer.if_object();
    if (!object || !object->contains("data")) return false;
    const json::array& result = answer.at("data").at("result").as_array();
    return !result.empty() && result.at(0).at("value").at(1) == json::string_view(value);
  }
  std::string log() const { return watched.host.read("prometheus.log"); }

  WatchedHost watched;
  test::Port scraped;
  test::Port port;
  std::optional<test::Relay> relay;
  std::optional<test::KeptProcess> server;
};

TEST_F(Prometheus, SeesTheTreeAndWhatBecomesOfIt) {
  const std::string jobs = "{queue=\"" + watched.host.dir() + "/jobs\"}";
  ASSERT_TRUE(eventually([&] { return is("up{job=\"simplevisor\"}", "1"); })) << log();
  const std::pair<std::string, std::string> facts[] = {
      {"simplevisor_node_up{node=\"root/steady\"}", "1"},
      {"simplevisor_worker_restarts_total{node=\"root/again\"}", "1"},
      {"simplevisor_worker_exits_total{node=\"root/again\",cause=\"failed\"}", "1"},
      {"simplevisor_restart_latency_seconds_count", "1"},  // that of root/failing is delayed on purpose
      {"simplevisor_node_verdict{node=\"root/failing\"}", "1"},
      {"simplevisor_supervisor_budget_used{node=\"root\"}", "2"},
      {"simplevisor_queue_locked" + jobs, "2"},
      {"simplevisor_queue_ready" + jobs, "1"},
      {"simplevisor_worker_reported{node=\"root/mover\",counter=\"received\"}", "12"},
      {"simplevisor_worker_reported{node=\"root/jobs/2\",counter=\"in_hand\"}", "1"},
      {"simplevisor_phase{simplevisor_phase=\"running\"}", "1"},
  };
  for (const auto& [expression, value] : facts)
    EXPECT_TRUE(eventually([&] { return is(expression, value); })) << expression;

  ASSERT_EQ(watched.host.cli({"stop", "root/steady"}).exit_code, 0);
  EXPECT_TRUE(eventually([&] { return is("simplevisor_node_up{node=\"root/steady\"}", "0"); }));
  EXPECT_TRUE(eventually([&] { return is("simplevisor_node_wanted{node=\"root/steady\"}", "0"); }));

  const json::value targets = ask("/api/v1/targets");
  const json::value& target = targets.at("data").at("activeTargets").at(0);
  EXPECT_EQ(target.at("health"), "up");
  EXPECT_EQ(target.at("lastError"), "");

  ASSERT_EQ(watched.host.cli({"stop"}).exit_code, 0);
  EXPECT_TRUE(eventually([&] { return is("up{job=\"simplevisor\"}", "0"); }));
}

TEST_F(Prometheus, EvaluatesTheRulesAndAnswersTheDashboard) {
  ASSERT_TRUE(eventually([&] { return is("up{job=\"simplevisor\"}", "1"); })) << log();
  const auto all_are_evaluated = [&] {
    const json::value answer = ask("/api/v1/rules");
    std::size_t well = 0;
    for (const auto& group : answer.at("data").at("groups").as_array()) {
      for (const auto& rule : group.at("rules").as_array()) {
        if (rule.at("health") == "err") {
          ADD_FAILURE() << json::serialize(rule);
          return true;
        }
        if (rule.at("health") != "ok") return false;
        ++well;
      }
    }
    return well > 10;
  };
  EXPECT_TRUE(eventually(all_are_evaluated));
  EXPECT_TRUE(eventually([&] { return is("instance:simplevisor_workers_missing:sum", "1"); }));

  std::ifstream file(SIMPLEVISOR_SOURCE "/docs/monitoring/dashboard.json");
  const auto dashboard = json::parse(std::string{std::istreambuf_iterator<char>(file), {}});
  for (const auto& panel : dashboard.at("panels").as_array()) {
    const auto* const targets = panel.as_object().if_contains("targets");
    if (!targets) continue;
    for (const auto& target : targets->as_array()) {
      std::string expression(target.at("expr").as_string());
      expression = std::regex_replace(expression, std::regex("\\$__rate_interval"), "1m");
      expression = std::regex_replace(expression, std::regex("\\$instance"), ".*");
      const json::value answer = query(expression);
      ASSERT_TRUE(answer.is_object()) << expression;
      EXPECT_EQ(answer.at("status"), "success") << expression << json::serialize(answer);
    }
  }
}

}  // namespace
}  // namespace simplevisor::integration
