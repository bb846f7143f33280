// The metrics of a tree: what is there, in which order, how large it gets, and how it is asked for.
#include "supervisor/control/metrics.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <sstream>

#include "supervisor/control/routes.hpp"
#include "tests/control/fake_service.hpp"

namespace simplevisor::control {
namespace {

using runtime::NodeType;
using runtime::journal::Cause;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

runtime::Measures small_tree() {
  runtime::Measures measures;
  measures.info.name = "hosts";
  measures.info.version = "1.2";
  measures.info.uptime = std::chrono::seconds{90};
  measures.info.phase = "running";
  measures.rows = {testing::node("root", NodeType::supervisor), testing::node("root/a", NodeType::worker)};
  measures.rows[0].restarts = 3;
  measures.rows[0].restarts_limit = 5;
  measures.rows[0].restarts_window = std::chrono::minutes{1};
  measures.rows[1].state = "restarting";
  measures.rows[1].ready = 0;
  measures.rows[1].verdict = runtime::Verdict::healing;
  measures.nodes.resize(2);
  measures.nodes[0].supervisor = {.starts = 2, .gave_up = 1, .cooled_down = 4};
  measures.nodes[1].starts = 8;
  measures.nodes[1].ends[static_cast<std::size_t>(Cause::failed)] = 6;
  measures.nodes[1].ends[static_cast<std::size_t>(Cause::signalled)] = 1;
  measures.nodes[1].started = std::chrono::system_clock::time_point{} + std::chrono::seconds{1'000'000};
  measures.restart_latency.add(std::chrono::microseconds{300});
  measures.waited = std::chrono::milliseconds{2};
  return measures;
}

std::string text_of(const runtime::Measures& measures, MetricsFormat format = MetricsFormat::openmetrics,
                    std::size_t bytes_max = metrics_bytes_max) {
  WorkerFiles files;
  files.uses = {{"/q", "root/a", "takes"}};
  WorkerSurvey::Figures figures;
  figures.queues = {{.path = "/q",
                     .readable = true,
                     .ready = 10,
                     .locked = 2,
                     .oldest = std::chrono::system_clock::time_point{} + std::chrono::seconds{100}}};
  figures.counters = {{"root/a", "received", 77}};
  const OwnProcess process{.cpu = std::chrono::milliseconds{1500}, .resident_bytes = 4096};
  return metrics_text({.measures = measures,
                       .process = process,
                       .files = files,
                       .figures = figures,
                       .now = std::chrono::system_clock::time_point{} + std::chrono::seconds{160}},
                      format, bytes_max);
}

TEST(Metrics, TellEverythingOfTheTree) {
  const std::string text = text_of(small_tree());
  for (const char* line : {
           "simplevisor_build_info{version=\"1.2\",name=\"hosts\"} 1\n",
           "simplevisor_uptime_seconds 90\n",
           "simplevisor_phase{simplevisor_phase=\"running\"} 1\n",
           "simplevisor_phase{simplevisor_phase=\"stopping\"} 0\n",
           "simplevisor_restart_latency_seconds_bucket{le=\"0.0005\"} 1\n",
           "simplevisor_loop_lag_last_seconds 0.002\n",
           "simplevisor_nodes{verdict=\"healing\"} 1\n",
           "simplevisor_node_up{node=\"root\",type=\"supervisor\"} 1\n",
           "simplevisor_node_up{node=\"root/a\",type=\"worker\"} 0\n",
           "simplevisor_node_verdict{node=\"root/a\"} 1\n",
           "simplevisor_node_state{node=\"root/a\",state=\"restarting\"} 1\n",
           "simplevisor_node_ready{node=\"root/a\"} 0\n",
           "simplevisor_node_wanted{node=\"root/a\"} 1\n",
           "simplevisor_worker_start_time_seconds{node=\"root/a\"} 1000000\n",
           "simplevisor_worker_restarts_total{node=\"root/a\"} 7\n",
           "simplevisor_worker_exits_total{node=\"root/a\",cause=\"failed\"} 6\n",
           "simplevisor_supervisor_budget_used{node=\"root\"} 3\n",
           "simplevisor_supervisor_budget_limit{node=\"root\"} 5\n",
           "simplevisor_supervisor_budget_window_seconds{node=\"root\"} 60\n",
           "simplevisor_supervisor_give_ups_total{node=\"root\"} 1\n",
           "simplevisor_supervisor_cool_downs_total{node=\"root\"} 4\n",
           "simplevisor_queue_user_info{queue=\"/q\",node=\"root/a\",role=\"takes\"} 1\n",
           "simplevisor_queue_ready{queue=\"/q\"} 10\n",
           "simplevisor_queue_locked{queue=\"/q\"} 2\n",
           "simplevisor_queue_oldest_age_seconds{queue=\"/q\"} 60\n",
           "simplevisor_worker_reported{node=\"root/a\",counter=\"received\"} 77\n",
           "simplevisor_process_cpu_seconds_total 1.5\n",
           "simplevisor_process_resident_memory_bytes 4096\n",
           "simplevisor_metrics_left_out 0\n",
       })
    EXPECT_THAT(text, HasSubstr(line));
  EXPECT_THAT(text, EndsWith("# EOF\n"));
  EXPECT_THAT(text, Not(HasSubstr("cause=\"asked\"")));
}

// The metadata and samples of a family are together, and no family or series is there twice.
TEST(Metrics, AreWellFormedInBothFormats) {
  for (const MetricsFormat format : {MetricsFormat::openmetrics, MetricsFormat::text}) {
    std::istringstream lines(text_of(small_tree(), format));
    std::set<std::string> families;
    std::set<std::string> series;
    std::string family;
    for (std::string line; std::getline(lines, line);) {
      if (line == "# EOF") continue;
      if (line.starts_with("# TYPE ")) {
        family = line.substr(7, line.find(' ', 7) - 7);
        EXPECT_TRUE(families.insert(family).second) << family;
        continue;
      }
      if (line.starts_with("#")) {
        EXPECT_THAT(line, HasSubstr(" " + family + " "));
        continue;
      }
      EXPECT_THAT(line, StartsWith(family));
      EXPECT_TRUE(series.insert(line.substr(0, line.rfind(' '))).second) << line;
    }
    EXPECT_GT(families.size(), 30u);
  }
}

TEST(Metrics, KeepTheirSizeAndSayWhatIsMissing) {
  runtime::Measures measures = small_tree();
  for (int n = 0; n < 10'000; ++n)
    measures.rows.push_back(testing::node("root/worker-" + std::to_string(n), NodeType::worker));
  measures.nodes.resize(measures.rows.size());
  const std::string whole = text_of(measures);
  EXPECT_LT(whole.size(), 8u << 20);
  EXPECT_THAT(whole, HasSubstr("simplevisor_metrics_left_out 0\n"));
  const std::string cut = text_of(measures, MetricsFormat::openmetrics, 1u << 20);
  EXPECT_LT(cut.size(), (1u << 20) + 4096);
  EXPECT_THAT(cut, Not(HasSubstr("simplevisor_metrics_left_out 0\n")));
  EXPECT_THAT(cut, EndsWith("# EOF\n"));
  EXPECT_EQ(text_of(measures), whole) << "the same tree, the same text";
}

TEST(OwnProcess, IsReadFromTheKernel) {
  const OwnProcess process = own_process();
  EXPECT_GT(process.cpu.value_or(std::chrono::nanoseconds{0}).count(), 0);
  EXPECT_GT(process.resident_bytes.value_or(0), 1u << 20);
  EXPECT_GE(process.virtual_bytes.value_or(0), process.resident_bytes.value_or(0));
  EXPECT_GE(process.threads.value_or(0), 1u);
  EXPECT_GE(process.descriptors.value_or(0), 3u);
  ASSERT_TRUE(process.started);
  EXPECT_LT(*process.started, std::chrono::system_clock::now() + std::chrono::seconds{1});
  EXPECT_GT(*process.started, std::chrono::system_clock::now() - std::chrono::hours{1});
}

Reply asked(const std::string& target) {
  testing::FakeService service;
  const auto call = parse_request("GET", target, "");
  if (!call) return call.error();
  std::optional<Reply> reply;
  carry_out(service, *call, [&](const Finding& finding) { reply = render(*call, finding, service); });
  return reply.value_or(Reply{});
}

TEST(MetricsRoute, AnswersInTheFormatThatIsAskedFor) {
  const Reply openmetrics = asked("/metrics");
  EXPECT_EQ(openmetrics.status, 200u);
  EXPECT_EQ(openmetrics.content_type, "application/openmetrics-text; version=1.0.0; charset=utf-8");
  EXPECT_THAT(openmetrics.body, HasSubstr("simplevisor_node_up{node=\"root/a\",type=\"worker\"} 1\n"));
  EXPECT_THAT(openmetrics.body, EndsWith("# EOF\n"));
  const Reply text = asked("/metrics?format=text");
  EXPECT_EQ(text.content_type, "text/plain; version=0.0.4; charset=utf-8");
  EXPECT_THAT(text.body, Not(HasSubstr("# EOF")));
  EXPECT_EQ(asked("/metrics?format=openmetrics").content_type, openmetrics.content_type);
}

TEST(MetricsRoute, RefusesWhatItDoesNotTake) {
  for (const char* target :
       {"/metrics?format=json", "/metrics?format=", "/metrics?pattern=a", "/metrics?x"}) {
    const Reply reply = asked(target);
    EXPECT_EQ(reply.status, 400u) << target;
    EXPECT_EQ(reply.content_type, "application/problem+json");
  }
}

}  // namespace
}  // namespace simplevisor::control
